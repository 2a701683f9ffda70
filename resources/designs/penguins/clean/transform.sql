-- design e9b6ca5622936504 63fe7c14dfde3d42
-- Repairs 0 of 7 columns; the others pass through.
-- quarantine_empty_rows: a row without any value says nothing
-- merge_duplicates: no rows are the same
-- A cell that cannot be read: null.
WITH
"#judged" AS (
    SELECT *,
        NULL::VARCHAR[] AS "#unread"
    FROM input
),
"#repaired" AS (
    SELECT
        "species",
        "island",
        "beak_length_mm",
        "beak_depth_mm",
        "flipper_length_mm",
        "body_mass_g",
        "sex",
        _source,
        _source_line,
        _raw AS _raw,
        CASE WHEN "#unread" IS NOT NULL THEN "#unread" WHEN "species" IS NULL AND "island" IS NULL AND "beak_length_mm" IS NULL AND "beak_depth_mm" IS NULL AND "flipper_length_mm" IS NULL AND "body_mass_g" IS NULL AND "sex" IS NULL THEN ['empty row'] END AS _reasons,
        hash("species", "island", "beak_length_mm", "beak_depth_mm", "flipper_length_mm", "body_mass_g", "sex") AS "#content"
    FROM "#judged"
),
"#twins" AS (
    SELECT "#content"
    FROM "#repaired" WHERE _reasons IS NULL
    GROUP BY "#content"
    HAVING count(*) > 1
),
"#groups" AS (
    SELECT "species", "island", "beak_length_mm", "beak_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "#content", min({'source': _source, 'line': _source_line}) AS "#kept"
    FROM "#repaired" WHERE _reasons IS NULL AND "#content" IN (SELECT "#content" FROM "#twins")
    GROUP BY ALL
)
SELECT
    "#repaired"."species",
    "#repaired"."island",
    "#repaired"."beak_length_mm",
    "#repaired"."beak_depth_mm",
    "#repaired"."flipper_length_mm",
    "#repaired"."body_mass_g",
    "#repaired"."sex",
    "#repaired"."_source",
    "#repaired"."_source_line",
    "#repaired"."_raw",
    "#repaired"."_reasons",
    CASE WHEN "#groups"."#kept" IS NOT NULL AND {'source': "#repaired"._source, 'line': "#repaired"._source_line} IS DISTINCT FROM "#groups"."#kept" THEN "#groups"."#kept".line END AS _duplicate_of
FROM "#repaired"
LEFT JOIN "#groups" ON "#repaired"."#content" = "#groups"."#content" AND "#repaired"._reasons IS NULL
    AND "#repaired"."species" IS NOT DISTINCT FROM "#groups"."species"
    AND "#repaired"."island" IS NOT DISTINCT FROM "#groups"."island"
    AND "#repaired"."beak_length_mm" IS NOT DISTINCT FROM "#groups"."beak_length_mm"
    AND "#repaired"."beak_depth_mm" IS NOT DISTINCT FROM "#groups"."beak_depth_mm"
    AND "#repaired"."flipper_length_mm" IS NOT DISTINCT FROM "#groups"."flipper_length_mm"
    AND "#repaired"."body_mass_g" IS NOT DISTINCT FROM "#groups"."body_mass_g"
    AND "#repaired"."sex" IS NOT DISTINCT FROM "#groups"."sex"
