-- design 7780aec90455dac0 082264c7b8d240f1
-- Repairs 11 of 16 columns; the others pass through.
-- customer_id: rename_column: names in one style, without characters that need quoting
-- first_name: rename_column: names in one style, without characters that need quoting
-- first_name: trim_whitespace: white space around the text
-- last_name: rename_column: names in one style, without characters that need quoting
-- last_name: fix_encoding: text was decoded with the wrong encoding: Ã­ -> í
-- last_name: clean_characters: characters without width, or accents apart from their letters
-- last_name: trim_whitespace: white space around and inside the text
-- email: rename_column: names in one style, without characters that need quoting
-- email: trim_whitespace: white space around the text
-- phone: rename_column: names in one style, without characters that need quoting
-- phone: null_tokens: means no value: '-', 'N/A'
-- country: rename_column: names in one style, without characters that need quoting
-- country: trim_whitespace: white space around the text
-- country: unify_categories: 11 cells differ in case, accents or punctuation only
-- city: rename_column: names in one style, without characters that need quoting
-- city: null_tokens: means no value: '-', 'N/A'
-- city: fix_encoding: text was decoded with the wrong encoding: Ã© -> é
-- city: trim_whitespace: white space around the text
-- status: rename_column: names in one style, without characters that need quoting
-- status: trim_whitespace: white space around the text
-- status: unify_categories: 52 cells differ in case, accents or punctuation only
-- birth_date: rename_column: names in one style, without characters that need quoting
-- birth_date: null_tokens: means no value: '-', 'N/A', 'unknown'
-- birth_date: parse_dates: dates in 3 styles; with '.' the day comes first: 81 cells allow nothing else
-- age: rename_column: names in one style, without characters that need quoting
-- signup_date: rename_column: names in one style, without characters that need quoting
-- signup_date: parse_dates: dates in 4 styles; with '.' the day comes first: 93 cells allow nothing else
-- lifetime_value: rename_column: names in one style, without characters that need quoting
-- lifetime_value: null_tokens: means no value: '-', 'N/A'
-- lifetime_value: split_currency: amounts in several currencies: CAD (1), EUR (144), GBP (72), USD (108)
-- lifetime_value: parse_numbers: numbers written as text, with $, CAD, £, € around them; decimal unclear: 328 cells have a decimal point, 143 a decimal comma
-- height: rename_column: names in one style, without characters that need quoting
-- height: null_tokens: means no value: '-', 'unknown'
-- height: convert_units: all in cm (1 in = 2.54 cm; 1 m = 100 cm); decimal unclear: 20 cells have a decimal point, 31 a decimal comma
-- newsletter: rename_column: names in one style, without characters that need quoting
-- notes: rename_column: names in one style, without characters that need quoting
-- quarantine_empty_rows: a row without any value says nothing
-- merge_duplicates: customer_id tells rows apart, so equal rows are the same thing
-- A cell that cannot be read: quarantine.
WITH
"#last_name texts" AS (
    SELECT DISTINCT CAST("last_name" AS VARCHAR) AS "#last_name text" FROM input WHERE "last_name" IS NOT NULL
),
"#last_name 1" AS (
    SELECT *, CASE WHEN regexp_matches("#last_name text", '[^ -~]') THEN replace("#last_name text", 'Ã­', 'í') ELSE "#last_name text" END AS "#last_name 5 decoded"
    FROM "#last_name texts"
),
"#last_name 2" AS (
    SELECT *, CASE WHEN regexp_matches("#last_name 5 decoded", '[^ -~]') THEN nfc_normalize(regexp_replace("#last_name 5 decoded", '[\x{0000}-\x{0008}\x{000E}-\x{001F}\x{007F}\x{00AD}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]', '', 'g')) ELSE "#last_name 5 decoded" END AS "#last_name 6 cleaned"
    FROM "#last_name 1"
),
"#last_name 3" AS (
    SELECT *, CASE WHEN regexp_matches("#last_name 6 cleaned", '^\s|\s$|\s\s|[^ -~]') THEN nullif(regexp_replace(regexp_replace("#last_name 6 cleaned", '[ \t\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]+', ' ', 'g'), '^[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+|[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+$', '', 'g'), '') ELSE "#last_name 6 cleaned" END AS "#last_name 7 trimmed"
    FROM "#last_name 2"
),
"#last_name 4" AS (
    SELECT *, "#last_name text" IS DISTINCT FROM "#last_name 7 trimmed" AS "#last_name differs"
    FROM "#last_name 3"
),
"#country texts" AS (
    SELECT DISTINCT CAST("country" AS VARCHAR) AS "#country text" FROM input WHERE "country" IS NOT NULL
),
"#country 1" AS (
    SELECT *, CASE WHEN regexp_matches("#country text", '^\s|\s$|\s\s|[^ -~]') THEN nullif(regexp_replace("#country text", '^[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+|[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+$', '', 'g'), '') ELSE "#country text" END AS "#country 13 trimmed"
    FROM "#country texts"
),
"#country 2" AS (
    SELECT *, CASE "#country 13 trimmed" WHEN 'CANADA' THEN 'Canada' WHEN 'GERMANY' THEN 'Germany' WHEN 'SWITZERLAND' THEN 'Switzerland' WHEN 'canada' THEN 'Canada' WHEN 'germany' THEN 'Germany' WHEN 'ireland' THEN 'Ireland' WHEN 'switzerland' THEN 'Switzerland' WHEN 'united kingdom' THEN 'United Kingdom' WHEN 'united states' THEN 'United States' ELSE "#country 13 trimmed" END AS "#country 14 category"
    FROM "#country 1"
),
"#country 3" AS (
    SELECT *, "#country text" IS DISTINCT FROM "#country 14 category" AS "#country differs"
    FROM "#country 2"
),
"#city texts" AS (
    SELECT DISTINCT CAST("city" AS VARCHAR) AS "#city text" FROM input WHERE "city" IS NOT NULL
),
"#city 1" AS (
    SELECT *, CASE WHEN regexp_matches("#city text", '[^ -~]') THEN replace("#city text", 'Ã©', 'é') ELSE "#city text" END AS "#city 17 decoded"
    FROM "#city texts"
),
"#city 2" AS (
    SELECT *, CASE WHEN regexp_matches("#city 17 decoded", '^\s|\s$|\s\s|[^ -~]') THEN nullif(regexp_replace("#city 17 decoded", '^[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+|[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+$', '', 'g'), '') ELSE "#city 17 decoded" END AS "#city 18 trimmed"
    FROM "#city 1"
),
"#city 3" AS (
    SELECT *, "#city text" IS DISTINCT FROM "#city 18 trimmed" AS "#city differs"
    FROM "#city 2"
),
"#status texts" AS (
    SELECT DISTINCT CAST("status" AS VARCHAR) AS "#status text" FROM input WHERE "status" IS NOT NULL
),
"#status 1" AS (
    SELECT *, CASE WHEN regexp_matches("#status text", '^\s|\s$|\s\s|[^ -~]') THEN nullif(regexp_replace("#status text", '^[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+|[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+$', '', 'g'), '') ELSE "#status text" END AS "#status 20 trimmed"
    FROM "#status texts"
),
"#status 2" AS (
    SELECT *, CASE "#status 20 trimmed" WHEN 'ACTIVE' THEN 'active' WHEN 'Active' THEN 'active' WHEN 'INACTIVE' THEN 'inactive' WHEN 'Inactive' THEN 'inactive' WHEN 'PROSPECT' THEN 'prospect' WHEN 'Prospect' THEN 'prospect' ELSE "#status 20 trimmed" END AS "#status 21 category"
    FROM "#status 1"
),
"#status 3" AS (
    SELECT *, "#status text" IS DISTINCT FROM "#status 21 category" AS "#status differs"
    FROM "#status 2"
),
"#birth_date texts" AS (
    SELECT DISTINCT CAST("birth_date" AS VARCHAR) AS "#birth_date text" FROM input WHERE "birth_date" IS NOT NULL
),
"#birth_date 1" AS (
    SELECT *, CASE WHEN regexp_matches(lower(trim("#birth_date text")), '\p{L}{2}') THEN trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(lower(trim("#birth_date text")), '(\d)(?:st|nd|rd|th|er|º|ª|\.)([ ,]|$)', '\1 \2'), '[,/''’]', ' ', 'g'), '(^|[ 0-9])[-. ]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[-. ]+', '\1 \2 '), '\s+', ' ', 'g')) ELSE lower(trim("#birth_date text")) END AS "#birth_date 24 normal"
    FROM "#birth_date texts"
),
"#birth_date 2" AS (
    SELECT *, try_strptime("#birth_date 24 normal", ['%Y-%m-%d', '%d.%m.%Y', '%d %b %Y', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S.%f']) AS "#birth_date 24 moment"
    FROM "#birth_date 1"
),
"#birth_date 3" AS (
    SELECT *, CASE WHEN "#birth_date 24 moment" >= TIMESTAMP '1000-01-01' THEN CAST("#birth_date 24 moment" AS DATE) END AS "#birth_date 24 date"
    FROM "#birth_date 2"
),
"#birth_date 4" AS (
    SELECT *, coalesce("#birth_date 24 date" IS NULL AND "#birth_date text" IS NOT NULL AND NOT coalesce(list_position(['', '-', 'n/a', 'na', 'nan', 'none', 'null', 'unknown'], lower(trim("#birth_date text"))), 0) > 0, FALSE) AS "#birth_date unread"
    FROM "#birth_date 3"
),
"#birth_date 5" AS (
    SELECT *, "#birth_date text" IS NOT NULL AND ("#birth_date 24 date" IS NULL OR TRY_CAST("#birth_date text" AS DATE) IS DISTINCT FROM "#birth_date 24 date") AS "#birth_date differs"
    FROM "#birth_date 4"
),
"#signup_date texts" AS (
    SELECT DISTINCT CAST("signup_date" AS VARCHAR) AS "#signup_date text" FROM input WHERE "signup_date" IS NOT NULL
),
"#signup_date 1" AS (
    SELECT *, CASE WHEN regexp_matches(lower(trim("#signup_date text")), '\p{L}{2}') THEN trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(lower(trim("#signup_date text")), '(^|[^\p{L}])october([^\p{L}]|$)', '\1 oct \2', 'g'), '(^|[^\p{L}])march([^\p{L}]|$)', '\1 mar \2', 'g'), '(^|[^\p{L}])june([^\p{L}]|$)', '\1 jun \2', 'g'), '(\d)(?:st|nd|rd|th|er|º|ª|\.)([ ,]|$)', '\1 \2'), '[,/''’]', ' ', 'g'), '(^|[ 0-9])[-. ]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[-. ]+', '\1 \2 '), '\s+', ' ', 'g')) ELSE lower(trim("#signup_date text")) END AS "#signup_date 27 normal"
    FROM "#signup_date texts"
),
"#signup_date 2" AS (
    SELECT *, try_strptime("#signup_date 27 normal", ['%Y-%m-%d', '%d.%m.%Y', '%d %b %Y', '%b %d %Y', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S.%f']) AS "#signup_date 27 moment"
    FROM "#signup_date 1"
),
"#signup_date 3" AS (
    SELECT *, CASE WHEN "#signup_date 27 moment" >= TIMESTAMP '1000-01-01' THEN CAST("#signup_date 27 moment" AS DATE) END AS "#signup_date 27 date"
    FROM "#signup_date 2"
),
"#signup_date 4" AS (
    SELECT *, coalesce("#signup_date 27 date" IS NULL AND "#signup_date text" IS NOT NULL AND NOT coalesce(list_position(['', '-', 'n/a', 'na', 'nan', 'none', 'null'], lower(trim("#signup_date text"))), 0) > 0, FALSE) AS "#signup_date unread"
    FROM "#signup_date 3"
),
"#signup_date 5" AS (
    SELECT *, "#signup_date text" IS NOT NULL AND ("#signup_date 27 date" IS NULL OR TRY_CAST("#signup_date text" AS DATE) IS DISTINCT FROM "#signup_date 27 date") AS "#signup_date differs"
    FROM "#signup_date 4"
),
"#height texts" AS (
    SELECT DISTINCT CAST("height" AS VARCHAR) AS "#height text" FROM input WHERE "height" IS NOT NULL
),
"#height 1" AS (
    SELECT *, CASE WHEN "#height text" IS NOT NULL THEN regexp_extract("#height text", '^\s*(\(?)[ \x{00A0}\x{202F}\x{2009}\t]*([+\-−–]?)[ \x{00A0}\x{202F}\x{2009}\t]*([^\d\s.,()+−–-][^\d()+−–]{0,24}?|[^\d\s.,()+−–-]?)[ \x{00A0}\x{202F}\x{2009}\t]*([+\-−–]?)[ \x{00A0}\x{202F}\x{2009}\t]*(\d[\d.,''’_\x{00A0}\x{202F}\x{2009} ]*\d|\d|[.,]\d+)([eE][+-]?\d{1,3})?[ \x{00A0}\x{202F}\x{2009}\t]*([^\d()]{0,25}?)[ \x{00A0}\x{202F}\x{2009}\t]*(\)?)\s*$', ['open', 'sign', 'before', 'sign2', 'core', 'exponent', 'after', 'close']) END AS "#height 34 parts"
    FROM "#height texts"
),
"#height 2" AS (
    SELECT *, regexp_replace(regexp_replace("#height 34 parts".core, '(\d)[ ''’_\x{00A0}\x{202F}\x{2009}](\d{3})', '\1\2', 'g'), '(\d)[ ''’_\x{00A0}\x{202F}\x{2009}](\d{3})', '\1\2', 'g') AS "#height 34 core"
    FROM "#height 1"
),
"#height 3" AS (
    SELECT *, trim(regexp_replace(trim("#height 34 parts".after), '^[-−–]|[-−–]$', '')) AS "#height 34 after"
    FROM "#height 2"
),
"#height 4" AS (
    SELECT *, CASE WHEN "#height 34 core" IS NULL OR "#height 34 core" = '' THEN NULL WHEN regexp_full_match("#height 34 core", '\d+') THEN "#height 34 core" WHEN regexp_full_match("#height 34 core", '[1-9]\d{0,2},\d{3}') THEN NULL WHEN regexp_full_match("#height 34 core", '[1-9]\d{0,2}\.\d{3}') THEN NULL WHEN regexp_full_match("#height 34 core", '\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?') THEN replace("#height 34 core", ',', '') WHEN regexp_full_match("#height 34 core", '\d{1,3}(?:\.\d{3})+(?:,\d+)?') THEN replace(replace("#height 34 core", '.', ''), ',', '.') WHEN regexp_full_match("#height 34 core", '\d*\.\d+') THEN "#height 34 core" WHEN regexp_full_match("#height 34 core", '\d*,\d+') THEN replace(replace("#height 34 core", '.', ''), ',', '.') END AS "#height 34 digits"
    FROM "#height 3"
),
"#height 5" AS (
    SELECT *, CASE WHEN "#height 34 digits" IS NULL OR NOT (("#height 34 parts".open = '(') = ("#height 34 parts".close = ')') AND coalesce(list_position(['', '"', 'cm', 'in', 'm'], trim("#height 34 parts".before)), 0) > 0 AND coalesce(list_position(['', '"', 'cm', 'in', 'm'], "#height 34 after"), 0) > 0) THEN NULL WHEN ("#height 34 parts".open = '(' OR "#height 34 parts".sign IN ('-', '−', '–') OR "#height 34 parts".sign2 IN ('-', '−', '–') OR trim("#height 34 parts".after) <> "#height 34 after") THEN -1 * TRY_CAST(round(TRY_CAST(("#height 34 digits" || "#height 34 parts".exponent) AS DOUBLE) * CASE coalesce(nullif("#height 34 after", ''), trim("#height 34 parts".before)) WHEN '"' THEN 2.54 WHEN 'cm' THEN 1.0 WHEN 'in' THEN 2.54 WHEN 'm' THEN 100.0 ELSE 1 END, 6) AS DOUBLE) ELSE TRY_CAST(round(TRY_CAST(("#height 34 digits" || "#height 34 parts".exponent) AS DOUBLE) * CASE coalesce(nullif("#height 34 after", ''), trim("#height 34 parts".before)) WHEN '"' THEN 2.54 WHEN 'cm' THEN 1.0 WHEN 'in' THEN 2.54 WHEN 'm' THEN 100.0 ELSE 1 END, 6) AS DOUBLE) END AS "#height 34 value"
    FROM "#height 4"
),
"#height 6" AS (
    SELECT *, CASE WHEN regexp_matches("#height text", '^\s*(\d{1,2})\s*(?:''|′|’|ft\.?|feet|foot)\s*(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''''|in\.?|inch|inches)?\s*$') THEN round((TRY_CAST(regexp_extract("#height text", '^\s*(\d{1,2})\s*(?:''|′|’|ft\.?|feet|foot)\s*(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''''|in\.?|inch|inches)?\s*$', 1) AS DOUBLE) * 12 + TRY_CAST(regexp_extract("#height text", '^\s*(\d{1,2})\s*(?:''|′|’|ft\.?|feet|foot)\s*(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''''|in\.?|inch|inches)?\s*$', 2) AS DOUBLE) * 1) * 2.54, 6) ELSE "#height 34 value" END AS "#height 34 length"
    FROM "#height 5"
),
"#height 7" AS (
    SELECT *, coalesce("#height 34 length" IS NULL AND "#height text" IS NOT NULL AND NOT coalesce(list_position(['', '-', 'n/a', 'na', 'nan', 'none', 'null', 'unknown'], lower(trim("#height text"))), 0) > 0, FALSE) AS "#height unread"
    FROM "#height 6"
),
"#height 8" AS (
    SELECT *, "#height text" IS NOT NULL AND ("#height 34 length" IS NULL OR TRY_CAST("#height text" AS DOUBLE) IS DISTINCT FROM "#height 34 length") AS "#height differs"
    FROM "#height 7"
),
"#read" AS (
    SELECT *
    FROM input
    LEFT JOIN "#last_name 4" ON CAST("last_name" AS VARCHAR) = "#last_name 4"."#last_name text"
    LEFT JOIN "#country 3" ON CAST("country" AS VARCHAR) = "#country 3"."#country text"
    LEFT JOIN "#city 3" ON CAST("city" AS VARCHAR) = "#city 3"."#city text"
    LEFT JOIN "#status 3" ON CAST("status" AS VARCHAR) = "#status 3"."#status text"
    LEFT JOIN "#birth_date 5" ON CAST("birth_date" AS VARCHAR) = "#birth_date 5"."#birth_date text"
    LEFT JOIN "#signup_date 5" ON CAST("signup_date" AS VARCHAR) = "#signup_date 5"."#signup_date text"
    LEFT JOIN "#height 8" ON CAST("height" AS VARCHAR) = "#height 8"."#height text"
),
"#step 1" AS (
    SELECT *,
        CAST("first_name" AS VARCHAR) AS "#first_name text",
        CAST("email" AS VARCHAR) AS "#email text",
        CAST("lifetime_value" AS VARCHAR) AS "#lifetime_value text"
    FROM "#read"
),
"#step 2" AS (
    SELECT *,
        CASE WHEN regexp_matches("#first_name text", '^\s|\s$|\s\s|[^ -~]') THEN nullif(regexp_replace("#first_name text", '^[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+|[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+$', '', 'g'), '') ELSE "#first_name text" END AS "#first_name 2 trimmed",
        CASE WHEN regexp_matches("#email text", '^\s|\s$|\s\s|[^ -~]') THEN nullif(regexp_replace("#email text", '^[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+|[\s\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+$', '', 'g'), '') ELSE "#email text" END AS "#email 9 trimmed",
        regexp_replace("#lifetime_value text", '[\d\s.,()''’_+−–\x{00A0}\x{202F}\x{2009}-]', '', 'g') AS "#lifetime_value 30 mark"
    FROM "#step 1"
),
"#step 3" AS (
    SELECT *,
        "#first_name text" IS DISTINCT FROM "#first_name 2 trimmed" AS "#first_name differs",
        "#email text" IS DISTINCT FROM "#email 9 trimmed" AS "#email differs",
        CASE "#lifetime_value 30 mark" WHEN '$' THEN 'USD' WHEN 'CAD' THEN 'CAD' WHEN '£' THEN 'GBP' WHEN '€' THEN 'EUR' ELSE CASE WHEN contains("#lifetime_value 30 mark", 'CAD') THEN 'CAD' WHEN contains("#lifetime_value 30 mark", '$') THEN 'USD' WHEN contains("#lifetime_value 30 mark", '£') THEN 'GBP' WHEN contains("#lifetime_value 30 mark", '€') THEN 'EUR' END END AS "#lifetime_value 30 name"
    FROM "#step 2"
),
"#step 4" AS (
    SELECT *,
        CASE WHEN regexp_full_match("#lifetime_value text", '-?[\$£€]?[ \x{00A0}\x{202F}\x{2009}\t]?\d+[ \x{00A0}\x{202F}\x{2009}\t]?[\$£€]?[ \x{00A0}\x{202F}\x{2009}\t]?') THEN TRY_CAST(replace(replace(replace(replace(replace("#lifetime_value text", '$', ''), '£', ''), '€', ''), ' ', ''), ' ', '') AS DOUBLE) END AS "#lifetime_value 31 plain"
    FROM "#step 3"
),
"#step 5" AS (
    SELECT *,
        CASE WHEN "#lifetime_value 31 plain" IS NULL AND "#lifetime_value text" IS NOT NULL THEN regexp_extract("#lifetime_value text", '^\s*(\(?)[ \x{00A0}\x{202F}\x{2009}\t]*([+\-−–]?)[ \x{00A0}\x{202F}\x{2009}\t]*([^\d\s.,()+−–-][^\d()+−–]{0,24}?|[^\d\s.,()+−–-]?)[ \x{00A0}\x{202F}\x{2009}\t]*([+\-−–]?)[ \x{00A0}\x{202F}\x{2009}\t]*(\d[\d.,''’_\x{00A0}\x{202F}\x{2009} ]*\d|\d|[.,]\d+)([eE][+-]?\d{1,3})?[ \x{00A0}\x{202F}\x{2009}\t]*([^\d()]{0,25}?)[ \x{00A0}\x{202F}\x{2009}\t]*(\)?)\s*$', ['open', 'sign', 'before', 'sign2', 'core', 'exponent', 'after', 'close']) END AS "#lifetime_value 31 parts"
    FROM "#step 4"
),
"#step 6" AS (
    SELECT *,
        regexp_replace(regexp_replace("#lifetime_value 31 parts".core, '(\d)[ ''’_\x{00A0}\x{202F}\x{2009}](\d{3})', '\1\2', 'g'), '(\d)[ ''’_\x{00A0}\x{202F}\x{2009}](\d{3})', '\1\2', 'g') AS "#lifetime_value 31 core"
    FROM "#step 5"
),
"#step 7" AS (
    SELECT *,
        trim(regexp_replace(trim("#lifetime_value 31 parts".after), '^[-−–]|[-−–]$', '')) AS "#lifetime_value 31 after"
    FROM "#step 6"
),
"#step 8" AS (
    SELECT *,
        CASE WHEN "#lifetime_value 31 core" IS NULL OR "#lifetime_value 31 core" = '' THEN NULL WHEN regexp_full_match("#lifetime_value 31 core", '\d+') THEN "#lifetime_value 31 core" WHEN regexp_full_match("#lifetime_value 31 core", '[1-9]\d{0,2},\d{3}') THEN NULL WHEN regexp_full_match("#lifetime_value 31 core", '[1-9]\d{0,2}\.\d{3}') THEN NULL WHEN regexp_full_match("#lifetime_value 31 core", '\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?') THEN replace("#lifetime_value 31 core", ',', '') WHEN regexp_full_match("#lifetime_value 31 core", '\d{1,3}(?:\.\d{3})+(?:,\d+)?') THEN replace(replace("#lifetime_value 31 core", '.', ''), ',', '.') WHEN regexp_full_match("#lifetime_value 31 core", '\d*\.\d+') THEN "#lifetime_value 31 core" WHEN regexp_full_match("#lifetime_value 31 core", '\d*,\d+') THEN replace(replace("#lifetime_value 31 core", '.', ''), ',', '.') END AS "#lifetime_value 31 digits"
    FROM "#step 7"
),
"#step 9" AS (
    SELECT *,
        coalesce("#lifetime_value 31 plain", CASE WHEN "#lifetime_value 31 digits" IS NULL OR NOT (("#lifetime_value 31 parts".open = '(') = ("#lifetime_value 31 parts".close = ')') AND coalesce(list_position(['', '$', 'CAD', '£', '€'], trim("#lifetime_value 31 parts".before)), 0) > 0 AND coalesce(list_position(['', '$', 'CAD', '£', '€'], "#lifetime_value 31 after"), 0) > 0) THEN NULL WHEN ("#lifetime_value 31 parts".open = '(' OR "#lifetime_value 31 parts".sign IN ('-', '−', '–') OR "#lifetime_value 31 parts".sign2 IN ('-', '−', '–') OR trim("#lifetime_value 31 parts".after) <> "#lifetime_value 31 after") THEN -1 * TRY_CAST(("#lifetime_value 31 digits" || "#lifetime_value 31 parts".exponent) AS DOUBLE) ELSE TRY_CAST(("#lifetime_value 31 digits" || "#lifetime_value 31 parts".exponent) AS DOUBLE) END) AS "#lifetime_value 31 value"
    FROM "#step 8"
),
"#step 10" AS (
    SELECT *,
        coalesce("#lifetime_value 31 value" IS NULL AND "#lifetime_value text" IS NOT NULL AND NOT coalesce(list_position(['', '-', 'n/a', 'na', 'nan', 'none', 'null'], lower(trim("#lifetime_value text"))), 0) > 0, FALSE) AS "#lifetime_value unread"
    FROM "#step 9"
),
"#step 11" AS (
    SELECT *,
        "#lifetime_value text" IS NOT NULL AND ("#lifetime_value 31 value" IS NULL OR TRY_CAST("#lifetime_value text" AS DOUBLE) IS DISTINCT FROM "#lifetime_value 31 value") AS "#lifetime_value differs"
    FROM "#step 10"
),
"#judged" AS (
    SELECT *,
        CASE WHEN _raw IS NOT NULL OR "#birth_date unread" OR "#signup_date unread" OR "#lifetime_value unread" OR "#height unread" THEN nullif(list_filter([
                CASE WHEN "#birth_date unread" THEN 'birth_date: not a date' END,
                CASE WHEN _raw IS NOT NULL AND "age" IS NULL AND _raw['age'] IS NOT NULL AND NOT coalesce(list_position(['', '-', 'n/a', 'na', 'nan', 'none', 'null'], lower(trim(_raw['age']))), 0) > 0 THEN 'age: not a whole number' END,
                CASE WHEN "#signup_date unread" THEN 'signup_date: not a date' END,
                CASE WHEN "#lifetime_value unread" THEN 'lifetime_value: not a number' END,
                CASE WHEN "#height unread" THEN 'height: not a number' END,
                CASE WHEN _raw IS NOT NULL AND "newsletter" IS NULL AND _raw['newsletter'] IS NOT NULL AND NOT coalesce(list_position(['', '-', 'n/a', 'na', 'nan', 'none', 'null'], lower(trim(_raw['newsletter']))), 0) > 0 THEN 'newsletter: neither yes nor no' END
            ], lambda reason: reason IS NOT NULL), []) END AS "#unread"
    FROM "#step 11"
),
"#repaired" AS (
    SELECT
        "customer_id",
        "#first_name 2 trimmed" AS "first_name",
        "#last_name 7 trimmed" AS "last_name",
        "#email 9 trimmed" AS "email",
        "phone",
        "#country 14 category" AS "country",
        "#city 18 trimmed" AS "city",
        "#status 21 category" AS "status",
        "#birth_date 24 date" AS "birth_date",
        "age",
        "#signup_date 27 date" AS "signup_date",
        "#lifetime_value 31 value" AS "lifetime_value",
        "#lifetime_value 30 name" AS "lifetime_value_currency",
        "#height 34 length" AS "height",
        "newsletter",
        "notes",
        _source,
        _source_line,
        CASE
            WHEN NOT ("#first_name differs" OR coalesce("#last_name differs", FALSE) OR "#email differs" OR coalesce("#country differs", FALSE) OR coalesce("#city differs", FALSE) OR coalesce("#status differs", FALSE) OR coalesce("#birth_date differs", FALSE) OR coalesce("#signup_date differs", FALSE) OR "#lifetime_value differs" OR coalesce("#height differs", FALSE)) THEN _raw
            ELSE map_from_entries(list_concat(coalesce(map_entries(_raw), []), list_filter([
                {'key': 'first_name', 'value': CASE WHEN _raw['first_name'] IS NULL AND "#first_name differs" THEN "#first_name text" END},
                {'key': 'last_name', 'value': CASE WHEN _raw['last_name'] IS NULL AND coalesce("#last_name differs", FALSE) THEN "#last_name text" END},
                {'key': 'email', 'value': CASE WHEN _raw['email'] IS NULL AND "#email differs" THEN "#email text" END},
                {'key': 'country', 'value': CASE WHEN _raw['country'] IS NULL AND coalesce("#country differs", FALSE) THEN "#country text" END},
                {'key': 'city', 'value': CASE WHEN _raw['city'] IS NULL AND coalesce("#city differs", FALSE) THEN "#city text" END},
                {'key': 'status', 'value': CASE WHEN _raw['status'] IS NULL AND coalesce("#status differs", FALSE) THEN "#status text" END},
                {'key': 'birth_date', 'value': CASE WHEN _raw['birth_date'] IS NULL AND coalesce("#birth_date differs", FALSE) THEN "#birth_date text" END},
                {'key': 'signup_date', 'value': CASE WHEN _raw['signup_date'] IS NULL AND coalesce("#signup_date differs", FALSE) THEN "#signup_date text" END},
                {'key': 'lifetime_value', 'value': CASE WHEN _raw['lifetime_value'] IS NULL AND "#lifetime_value differs" THEN "#lifetime_value text" END},
                {'key': 'height', 'value': CASE WHEN _raw['height'] IS NULL AND coalesce("#height differs", FALSE) THEN "#height text" END}
            ], lambda entry: entry.value IS NOT NULL)))
        END AS _raw,
        CASE WHEN "#unread" IS NOT NULL THEN "#unread" WHEN "customer_id" IS NULL AND "#first_name 2 trimmed" IS NULL AND "#last_name 7 trimmed" IS NULL AND "#email 9 trimmed" IS NULL AND "phone" IS NULL AND "#country 14 category" IS NULL AND "#city 18 trimmed" IS NULL AND "#status 21 category" IS NULL AND "#birth_date 24 date" IS NULL AND "age" IS NULL AND "#signup_date 27 date" IS NULL AND "#lifetime_value 31 value" IS NULL AND "#height 34 length" IS NULL AND "newsletter" IS NULL AND "notes" IS NULL THEN ['empty row'] END AS _reasons,
        hash("customer_id", "#first_name 2 trimmed", "#last_name 7 trimmed", "#email 9 trimmed", "phone", "#country 14 category", "#city 18 trimmed", "#status 21 category", "#birth_date 24 date", "age", "#signup_date 27 date", "#lifetime_value 31 value", "#lifetime_value 30 name", "#height 34 length", "newsletter", "notes") AS "#content"
    FROM "#judged"
),
"#twins" AS (
    SELECT "#content"
    FROM "#repaired" WHERE _reasons IS NULL
    GROUP BY "#content"
    HAVING count(*) > 1
),
"#groups" AS (
    SELECT "customer_id", "first_name", "last_name", "email", "phone", "country", "city", "status", "birth_date", "age", "signup_date", "lifetime_value", "lifetime_value_currency", "height", "newsletter", "notes", "#content", min({'source': _source, 'line': _source_line}) AS "#kept"
    FROM "#repaired" WHERE _reasons IS NULL AND "#content" IN (SELECT "#content" FROM "#twins")
    GROUP BY ALL
)
SELECT
    "#repaired"."customer_id",
    "#repaired"."first_name",
    "#repaired"."last_name",
    "#repaired"."email",
    "#repaired"."phone",
    "#repaired"."country",
    "#repaired"."city",
    "#repaired"."status",
    "#repaired"."birth_date",
    "#repaired"."age",
    "#repaired"."signup_date",
    "#repaired"."lifetime_value",
    "#repaired"."lifetime_value_currency",
    "#repaired"."height",
    "#repaired"."newsletter",
    "#repaired"."notes",
    "#repaired"."_source",
    "#repaired"."_source_line",
    "#repaired"."_raw",
    "#repaired"."_reasons",
    CASE WHEN "#groups"."#kept" IS NOT NULL AND {'source': "#repaired"._source, 'line': "#repaired"._source_line} IS DISTINCT FROM "#groups"."#kept" THEN "#groups"."#kept".line END AS _duplicate_of
FROM "#repaired"
LEFT JOIN "#groups" ON "#repaired"."#content" = "#groups"."#content" AND "#repaired"._reasons IS NULL
    AND "#repaired"."customer_id" IS NOT DISTINCT FROM "#groups"."customer_id"
    AND "#repaired"."first_name" IS NOT DISTINCT FROM "#groups"."first_name"
    AND "#repaired"."last_name" IS NOT DISTINCT FROM "#groups"."last_name"
    AND "#repaired"."email" IS NOT DISTINCT FROM "#groups"."email"
    AND "#repaired"."phone" IS NOT DISTINCT FROM "#groups"."phone"
    AND "#repaired"."country" IS NOT DISTINCT FROM "#groups"."country"
    AND "#repaired"."city" IS NOT DISTINCT FROM "#groups"."city"
    AND "#repaired"."status" IS NOT DISTINCT FROM "#groups"."status"
    AND "#repaired"."birth_date" IS NOT DISTINCT FROM "#groups"."birth_date"
    AND "#repaired"."age" IS NOT DISTINCT FROM "#groups"."age"
    AND "#repaired"."signup_date" IS NOT DISTINCT FROM "#groups"."signup_date"
    AND "#repaired"."lifetime_value" IS NOT DISTINCT FROM "#groups"."lifetime_value"
    AND "#repaired"."lifetime_value_currency" IS NOT DISTINCT FROM "#groups"."lifetime_value_currency"
    AND "#repaired"."height" IS NOT DISTINCT FROM "#groups"."height"
    AND "#repaired"."newsletter" IS NOT DISTINCT FROM "#groups"."newsletter"
    AND "#repaired"."notes" IS NOT DISTINCT FROM "#groups"."notes"
