"""Cities that tables name most: capitals, and the largest of the larger countries."""

from __future__ import annotations

from aifirst_dagster.inference.vocabularies.words import listed

CITIES = listed("""
new york|new york city|los angeles|chicago|houston|phoenix|philadelphia|san antonio|san diego|dallas|san jose|austin
jacksonville|fort worth|columbus|charlotte|san francisco|indianapolis|seattle|denver|washington|boston|el paso|nashville
detroit|oklahoma city|portland|las vegas|memphis|louisville|baltimore|milwaukee|albuquerque|tucson|fresno|sacramento
kansas city|mesa|atlanta|omaha|colorado springs|raleigh|miami|long beach|virginia beach|oakland|minneapolis|tulsa|tampa
arlington|new orleans|wichita|cleveland|bakersfield|aurora|anaheim|honolulu|santa ana|riverside|corpus christi|lexington
stockton|henderson|saint paul|st. paul|st. louis|st louis|cincinnati|pittsburgh|greensboro|anchorage|plano|lincoln
orlando|irvine|newark|durham|chula vista|toledo|fort wayne|st. petersburg|laredo|jersey city|chandler|madison|lubbock
scottsdale|reno|buffalo|gilbert|glendale|north las vegas|winston-salem|chesapeake|norfolk|fremont|garland|irving|hialeah
richmond|boise|spokane|baton rouge|des moines|tacoma|san bernardino|modesto|fontana|birmingham|rochester|salt lake city
grand rapids|huntsville|providence|knoxville|worcester|tallahassee|springfield|eugene|salem|savannah|charleston|hartford
syracuse|dayton|bridgeport|new haven|albany|berkeley|ann arbor|burlington|santa fe|boulder|palo alto|mountain view
london|manchester|liverpool|leeds|sheffield|bristol|glasgow|edinburgh|cardiff|belfast|leicester|nottingham|newcastle
newcastle upon tyne|southampton|portsmouth|oxford|cambridge|york|brighton|plymouth|aberdeen|dublin|cork|galway|limerick
paris|marseille|lyon|toulouse|nice|nantes|strasbourg|montpellier|bordeaux|lille|rennes|reims|grenoble|dijon|angers
berlin|hamburg|münchen|munich|köln|cologne|frankfurt|frankfurt am main|stuttgart|düsseldorf|dortmund|essen|leipzig
bremen|dresden|hannover|nürnberg|nuremberg|duisburg|bochum|wuppertal|bielefeld|bonn|münster|karlsruhe|mannheim|augsburg
wiesbaden|mainz|freiburg|heidelberg|potsdam|kiel|lübeck|rostock|erfurt|wien|vienna|graz|linz|salzburg|innsbruck|zürich
zurich|genf|geneva|genève|basel|bern|lausanne|luzern|lucerne|madrid|barcelona|valencia|sevilla|seville|zaragoza|málaga
malaga|murcia|bilbao|alicante|córdoba|granada|palma|lisboa|lisbon|porto|braga|coimbra|roma|rome|milano|milan|napoli
naples|torino|turin|palermo|genova|bologna|firenze|florence|venezia|venice|verona|catania|bari|amsterdam|rotterdam
den haag|the hague|utrecht|eindhoven|groningen|leiden|brussels|bruxelles|antwerp|antwerpen|gent|ghent|bruges|luxembourg
copenhagen|københavn|aarhus|odense|stockholm|göteborg|gothenburg|malmö|uppsala|oslo|bergen|trondheim|stavanger|helsinki
espoo|tampere|turku|reykjavik|warszawa|warsaw|kraków|krakow|łódź|wrocław|wroclaw|poznań|poznan|gdańsk|gdansk|szczecin
lublin|praha|prague|brno|ostrava|bratislava|košice|budapest|debrecen|bucharest|bucurești|cluj-napoca|sofia|plovdiv
athens|thessaloniki|zagreb|split|ljubljana|maribor|belgrade|beograd|novi sad|sarajevo|skopje|tirana|podgorica|tallinn
riga|vilnius|kaunas|kyiv|kiev|kharkiv|odesa|odessa|lviv|minsk|moscow|moskva|saint petersburg|novosibirsk|yekaterinburg
kazan|istanbul|ankara|izmir|antalya|bursa|cairo|alexandria|casablanca|rabat|tunis|algiers|tripoli|lagos|abuja|accra
nairobi|mombasa|kampala|dar es salaam|addis ababa|khartoum|dakar|abidjan|kinshasa|luanda|harare|lusaka|maputo
johannesburg|cape town|durban|pretoria|tel aviv|jerusalem|haifa|amman|beirut|damascus|baghdad|tehran|riyadh|jeddah
dubai|abu dhabi|doha|kuwait city|muscat|karachi|lahore|islamabad|kabul|delhi|new delhi|mumbai|bangalore|bengaluru
chennai|kolkata|hyderabad|pune|ahmedabad|jaipur|lucknow|surat|kanpur|nagpur|indore|dhaka|chittagong|colombo|kathmandu
bangkok|chiang mai|hanoi|ho chi minh city|saigon|phnom penh|yangon|kuala lumpur|singapore|jakarta|surabaya|bandung
manila|quezon city|cebu|beijing|shanghai|guangzhou|shenzhen|chengdu|wuhan|tianjin|chongqing|hangzhou|nanjing|xi'an
suzhou
hong kong|taipei|kaohsiung|seoul|busan|incheon|daegu|tokyo|osaka|kyoto|yokohama|nagoya|sapporo|fukuoka|kobe|hiroshima
sendai|sydney|melbourne|brisbane|perth|adelaide|canberra|hobart|darwin|gold coast|auckland|wellington|christchurch
toronto|montreal|montréal|vancouver|calgary|edmonton|ottawa|winnipeg|quebec city|hamilton|halifax|victoria|saskatoon
mexico city|ciudad de méxico|guadalajara|monterrey|puebla|tijuana|cancún|havana|san juan|guatemala city|san salvador
tegucigalpa|managua|panama city|bogotá|bogota|medellín|medellin|cali|caracas|maracaibo|quito|guayaquil|lima|cusco|la paz
santa cruz|santiago|valparaíso|buenos aires|rosario|mendoza|montevideo|asunción|são paulo|sao paulo|rio de janeiro
brasília|brasilia|salvador|fortaleza|belo horizonte|manaus|curitiba|recife|porto alegre|belém|goiânia
""")
