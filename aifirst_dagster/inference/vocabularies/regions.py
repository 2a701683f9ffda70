"""States, provinces and regions of the larger countries, with the codes of those that are known by codes."""

from __future__ import annotations

from aifirst_dagster.inference.vocabularies.words import listed, spaced

US_STATES = listed("""
alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|district of columbia|florida|georgia|hawaii
idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi
missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma
oregon|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington
west virginia|wisconsin|wyoming|puerto rico|guam|virgin islands|american samoa
""")
US_CODES = spaced("""
AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI
SC SD TN TX UT VT VA WA WV WI WY PR GU VI AS MP AA AE AP
""")

CODES = spaced("""
AB BC MB NB NL NS NT NU ON PE QC SK YT ACT NSW QLD SA TAS VIC WA NT AC AL AP AM BA CE DF ES GO MA MT MS MG PA PB PR PE
PI RJ RN RS RO RR SC SP SE TO BW BY BE BB HB HH HE MV NI NW RP SL SN ST SH TH AG AI AR BL BS FR GE GL GR JU LU NE NW OW
SG SO SZ TG TI UR VD VS ZG ZH
""")
"""Canada, Australia, Brazil, Germany, Switzerland."""

REGIONS = US_STATES | listed("""
alberta|british columbia|manitoba|new brunswick|newfoundland and labrador|nova scotia|ontario|prince edward island
quebec|québec|saskatchewan|northwest territories|nunavut|yukon|new south wales|victoria|queensland|western australia
south australia|tasmania|northern territory|australian capital territory|england|scotland|wales|northern ireland
baden-württemberg|bayern|bavaria|berlin|brandenburg|bremen|hamburg|hessen|hesse|mecklenburg-vorpommern|niedersachsen
lower saxony|nordrhein-westfalen|north rhine-westphalia|rheinland-pfalz|saarland|sachsen|saxony|sachsen-anhalt
schleswig-holstein|thüringen|thuringia|burgenland|kärnten|niederösterreich|oberösterreich|salzburg|steiermark|tirol
vorarlberg|wien|zürich|bern|luzern|uri|schwyz|genève|vaud|valais|ticino|aargau|thurgau|graubünden|fribourg|neuchâtel
île-de-france|auvergne-rhône-alpes|bretagne|normandie|occitanie|nouvelle-aquitaine|grand est|hauts-de-france
pays de la loire|provence-alpes-côte d'azur|corse|centre-val de loire|bourgogne-franche-comté|andalucía|andalusia|aragón
asturias|cantabria|castilla y león|castilla-la mancha|cataluña|catalonia|extremadura|galicia|la rioja|madrid|murcia
navarra|país vasco|comunidad valenciana|valencia|lombardia|lombardy|lazio|campania|sicilia|sicily|veneto|piemonte|puglia
emilia-romagna|toscana|tuscany|calabria|sardegna|liguria|marche|abruzzo|friuli-venezia giulia|umbria|basilicata|molise
trentino-alto adige|são paulo|rio de janeiro|minas gerais|bahia|paraná|rio grande do sul|pernambuco|ceará|pará
santa catarina|goiás|maranhão|amazonas|espírito santo|paraíba|mato grosso|rio grande do norte|alagoas|piauí
distrito federal|mato grosso do sul|sergipe|rondônia|tocantins|acre|amapá|roraima|aguascalientes|baja california
campeche|chiapas|chihuahua|coahuila|colima|durango|guanajuato|guerrero|hidalgo|jalisco|michoacán|morelos|nayarit
nuevo león|oaxaca|puebla|querétaro|quintana roo|san luis potosí|sinaloa|sonora|tabasco|tamaulipas|tlaxcala|veracruz
yucatán|zacatecas|andhra pradesh|arunachal pradesh|assam|bihar|chhattisgarh|goa|gujarat|haryana|himachal pradesh
jharkhand|karnataka|kerala|madhya pradesh|maharashtra|manipur|meghalaya|mizoram|nagaland|odisha|punjab|rajasthan|sikkim
tamil nadu|telangana|tripura|uttar pradesh|uttarakhand|west bengal|delhi|noord-holland|zuid-holland|utrecht
noord-brabant|gelderland|overijssel|friesland|limburg|zeeland|drenthe|flevoland|mazowieckie|małopolskie|śląskie
wielkopolskie|dolnośląskie|pomorskie|guangdong|shandong|henan|sichuan|jiangsu|hebei|hunan|anhui|hubei|zhejiang|guangxi
yunnan|jiangxi|liaoning|fujian|shaanxi|heilongjiang|shanxi|guizhou|jilin|gansu|hainan|qinghai|tokyo|osaka|hokkaido
kanagawa|aichi|saitama|chiba|hyogo|fukuoka|kyoto|bedfordshire|berkshire|buckinghamshire|cambridgeshire|cheshire|cornwall
cumbria|derbyshire|devon|dorset|durham|east sussex|essex|gloucestershire|greater london|greater manchester|hampshire
hertfordshire|kent|lancashire|leicestershire|lincolnshire|merseyside|norfolk|north yorkshire|northamptonshire
northumberland|nottinghamshire|oxfordshire|shropshire|somerset|staffordshire|suffolk|surrey|warwickshire|west midlands
west sussex|west yorkshire|wiltshire|worcestershire|south yorkshire|gauteng|western cape|kwazulu-natal|eastern cape
""")
CONTINENTS = listed("""
africa|antarctica|asia|europe|north america|south america|oceania|australia|america|americas|eurasia|latin america
afrika|asien|europa|nordamerika|südamerika|ozeanien|afrique|asie|amérique du nord|amérique du sud|océanie
""")
