"""Countries: English names and a few others in lower case, and their codes (ISO 3166-1)."""

from __future__ import annotations

from aifirst_dagster.inference.vocabularies.words import listed

COUNTRIES = listed("""
afghanistan|albania|algeria|andorra|angola|antigua and barbuda|argentina|armenia|aruba|australia|austria
azerbaijan|bahamas|bahrain|bangladesh|barbados|belarus|belgium|belize|benin|bermuda|bhutan|bolivia
bosnia and herzegovina|botswana|brazil|brunei|bulgaria|burkina faso|burundi|cambodia|cameroon|canada
cape verde|central african republic|chad|chile|china|colombia|comoros|congo|costa rica|croatia|cuba
cyprus|czech republic|czechia|denmark|djibouti|dominica|dominican republic|ecuador|egypt|el salvador
equatorial guinea|eritrea|estonia|eswatini|ethiopia|fiji|finland|france|gabon|gambia|georgia|germany
ghana|greece|greenland|grenada|guatemala|guinea|guinea-bissau|guyana|haiti|honduras|hong kong|hungary
iceland|india|indonesia|iran|iraq|ireland|israel|italy|ivory coast|jamaica|japan|jordan|kazakhstan
kenya|kiribati|kosovo|kuwait|kyrgyzstan|laos|latvia|lebanon|lesotho|liberia|libya|liechtenstein
lithuania|luxembourg|macao|macedonia|madagascar|malawi|malaysia|maldives|mali|malta|mauritania|mauritius
mexico|micronesia|moldova|monaco|mongolia|montenegro|morocco|mozambique|myanmar|namibia|nauru|nepal
netherlands|the netherlands|new zealand|nicaragua|niger|nigeria|north korea|north macedonia|norway|oman
pakistan|palau|panama|papua new guinea|paraguay|peru|philippines|poland|portugal|puerto rico|qatar
romania|russia|russian federation|rwanda|samoa|san marino|saudi arabia|senegal|serbia|seychelles
sierra leone|singapore|slovakia|slovenia|solomon islands|somalia|south africa|south korea|south sudan
spain|sri lanka|sudan|suriname|swaziland|sweden|switzerland|syria|taiwan|tajikistan|tanzania|thailand
timor-leste|togo|tonga|trinidad and tobago|tunisia|turkey|türkiye|turkmenistan|tuvalu|uganda|ukraine
united arab emirates|united kingdom|great britain|england|scotland|wales|united states
united states of america|usa|uk|uruguay|uzbekistan|vanuatu|vatican|venezuela|vietnam|viet nam|yemen
zambia|zimbabwe|deutschland|frankreich|österreich|schweiz|italien|spanien|españa|france|italia|polska
brasil|méxico|suisse|belgique|nederland
""")
"""English names of countries, and a few in their own languages."""

_CODES = """
ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz ca cc
cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et fi fj fk fm fo fr ga gb gd
ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh
ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw
mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc
sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug um us uy
uz va vc ve vg vi vn vu wf ws ye yt za zm zw uk eu afg ago alb and are arg arm aus aut aze bdi bel ben bfa bgd bgr
bhr bhs bih blr blz bol bra brb brn btn bwa caf can che chl chn civ cmr cod cog col com cpv cri cub cyp cze deu dji
dma dnk dom dza ecu egy eri esp est eth fin fji fra fsm gab gbr geo gha gin gmb gnb gnq grc grd gtm guy hkg hnd hrv
hti hun idn ind irl irn irq isl isr ita jam jor jpn kaz ken kgz khm kir kna kor kwt lao lbn lbr lby lca lie lka lso
ltu lux lva mac mar mco mda mdg mdv mex mhl mkd mli mlt mmr mne mng moz mrt mus mwi mys nam ner nga nic nld nor npl
nru nzl omn pak pan per phl plw png pol prk prt pry pse qat rou rus rwa sau sdn sen sgp slb sle slv smr som srb ssd
stp sur svk svn swe swz syc syr tcd tgo tha tjk tkm tls ton tto tun tur tuv twn tza uga ukr ury usa uzb vat vct ven
alg ang ant bah ban bar bih bot bru bul bur cam cha cro crc den esa fij gam ger gre gua gui hai hon ina iri iso isv kos
ksa kuw lat lba les lib mad mas maw mgl mon mri mtn mya ned nep ngr nig par phi por pur rsa scg sin slo sri sud sui
tan tch tog
tpe tri uae urs uru vie yug zam zim gdr frg eun rhk roc vnm vut wsm yem zaf zmb zwe abw bmu cym grl pri
"""
COUNTRY_CODES = frozenset(_CODES.split())
"""ISO 3166-1, two and three letters; the three letters of sports associations where they differ; a few former ones."""
