"""Languages: English names and their own, and codes (ISO 639)."""

from __future__ import annotations

from aifirst_dagster.inference.vocabularies.words import listed, spaced

NAMES = listed("""
english|german|french|spanish|italian|portuguese|dutch|polish|russian|chinese|mandarin|cantonese|japanese|korean|arabic
swedish|danish|norwegian|finnish|czech|hungarian|turkish|greek|hebrew|hindi|ukrainian|romanian|bengali|urdu|persian
farsi|vietnamese|thai|bulgarian|croatian|serbian|slovak|slovenian|estonian|latvian|lithuanian|icelandic|irish|welsh
catalan|basque|galician|latin|maltese|albanian|macedonian|bosnian|belarusian|armenian|georgian|azerbaijani|kazakh|uzbek
turkmen|kyrgyz|tajik|mongolian|tamil|telugu|kannada|malayalam|marathi|gujarati|punjabi|sinhala|nepali|burmese|khmer|lao
indonesian|malay|tagalog|filipino|javanese|swahili|amharic|hausa|yoruba|igbo|zulu|xhosa|afrikaans|somali|kurdish|pashto
tibetan|haitian creole|quechua|guarani|assamese|bhojpuri|maori|hawaiian|luxembourgish|yiddish|esperanto|tswana|kashmiri
portugese|simplified chinese|traditional chinese|chinese (simplified)|chinese (traditional)|brazilian portuguese
deutsch|englisch|französisch|spanisch|italienisch|français|anglais|allemand|español|inglés|italiano|português|русский
nederlands|polski|svenska|dansk|norsk|suomi|türkçe|中文|日本語|한국어|العربية
aragonese|west frisian|fijian|dari|tok pisin
moldovan|montenegrin|hiri motu|dhivehi|dzongkha|norwegian bokmål|norwegian nynorsk|shona|sotho|ndebele|kinyarwanda
""")

CODES = spaced("""
aa ab af ak am ar as ay az ba be bg bi bm bn bo br bs ca ce co cs cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo
fr fy ga gd gl gn gu gv ha he hi hr ht hu hy ia id ig is it iu ja jv ka kg ki kk kl km kn ko ks ku ky la lb lg ln lo lt
lv mg mh mi mk ml mn mr ms mt my nb ne nl nn no ny oc om or os pa pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm
sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi wa wo xh yi yo yue za zh zu
eng deu ger fra fre spa ita por nld dut rus zho chi jpn kor ara swe dan nor fin ces cze hun tur ell gre heb hin ukr ron
rum ben urd fas per vie tha pol bul hrv srp slk slo slv est lav lit isl ice gle cym wel cat eus baq glg lat afr ind msa
""")
"""Two letters, and the three letters of the larger ones."""

DEMONYMS = listed("""
american|british|english|scottish|welsh|irish|german|french|spanish|italian|portuguese|dutch|belgian|swiss|austrian
danish|swedish|norwegian|finnish|icelandic|polish|czech|slovak|hungarian|romanian|bulgarian|greek|turkish|russian
ukrainian|belarusian|serbian|croatian|slovenian|bosnian|albanian|macedonian|estonian|latvian|lithuanian|canadian|mexican
brazilian|argentinian|argentine|chilean|colombian|peruvian|venezuelan|ecuadorian|bolivian|uruguayan|paraguayan|cuban
jamaican|haitian|chinese|japanese|korean|south korean|taiwanese|vietnamese|thai|indonesian|malaysian|filipino
singaporean|indian|pakistani|bangladeshi|sri lankan|nepalese|afghan|iranian|iraqi|israeli|saudi|emirati|egyptian
moroccan|algerian|tunisian|nigerian|kenyan|ghanaian|ethiopian|south african|australian|new zealander|armenian|georgian
azerbaijani|kazakh|uzbek|monegasque|luxembourgish|maltese|cypriot|lebanese|syrian|jordanian|senegalese|cameroonian
""")
