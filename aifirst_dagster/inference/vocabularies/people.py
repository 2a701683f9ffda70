"""First names that are common in many countries, and words that stand before and after names."""

from __future__ import annotations

from aifirst_dagster.inference.vocabularies.words import listed, spaced

FIRST_NAMES = spaced("""
james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald
steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric
jonathan stephen larry justin scott brandon benjamin samuel gregory alexander frank patrick raymond jack dennis jerry
tyler aaron jose adam nathan henry douglas zachary peter kyle ethan walter noah jeremy christian keith roger terry
austin sean gerald carl harold dylan arthur lawrence jordan jesse bryan billy bruce gabriel joe logan alan juan albert
willie elijah wayne randy roy vincent ralph eugene russell bobby mason philip louis harry oliver liam lucas leo oscar
mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley
kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca sharon laura cynthia dorothy amy kathleen
angela shirley emma brenda pamela nicole anna samantha katherine christine helen debra rachel carolyn janet maria
catherine heather diane olivia julie joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea
hannah megan cheryl jacqueline martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean alice
judy isabella julia grace amber denise danielle marilyn beverly charlotte natalie theresa diana brittany doris kayla
alexis lori marie chloe lily zoe mia ava ella lucy molly tracy erin crystal tiffany april dawn wendy tina vanessa erica
craig todd shawn chad derek jared travis marcus corey brett curtis joel dustin troy seth casey antonio luis carlos
miguel manuel francisco jesus pedro alejandro javier fernando jorge ricardo eduardo roberto sergio rafael diego pablo
alberto raul ramon enrique andres mario julio cesar angel hector ivan oscar ruben marco carmen rosa ana isabel pilar
dolores josefa lucia elena cristina marta raquel silvia beatriz rocio alicia irene paula claudia sofia valentina camila
gabriela daniela mariana fernanda juana guadalupe leticia adriana veronica patricia monica lorena alejandra joao paulo
antônio luiz marcos lucas gustavo felipe bruno rodrigo thiago tiago leonardo vitor mateus ines joana catarina rita
jean pierre michel andre philippe alain bernard jacques daniel francois christophe nicolas laurent frederic julien
sebastien olivier thierry pascal eric stephane guillaume antoine maxime alexandre hugo louis theo camille lea manon
celine sylvie isabelle nathalie catherine monique francoise jacqueline sophie valerie aurelie emilie pauline mathilde
juliette clara chloe hans peter wolfgang klaus jürgen dieter manfred uwe günter horst bernd andreas stefan thomas frank
michael markus christian matthias alexander martin sebastian florian tobias jan jens sven lars torsten dirk ralf jörg
heinz karl friedrich wilhelm otto ernst fritz kurt werner helmut gerhard rolf ursula monika petra sabine renate helga
karin brigitte ingrid erika gisela claudia susanne andrea birgit gabriele heike anke silke katrin kathrin stefanie
nicole
anja tanja sandra julia katharina lena leonie lea johanna franziska christa hannelore elke annette giuseppe giovanni
antonio mario luigi francesco angelo vincenzo pietro salvatore carlo franco domenico bruno paolo michele giorgio aldo
sergio luciano matteo lorenzo alessandro andrea luca davide simone federico riccardo stefano giulia chiara francesca
sara martina valentina alessia elisa giorgia federica elena anna rosa angela giovanna teresa lucia carmela caterina
francesca annamaria paola laura jan piotr krzysztof andrzej tomasz paweł michał marcin stanisław jerzy marek łukasz adam
zbigniew jakub wojciech mateusz anna maria katarzyna małgorzata agnieszka barbara ewa krystyna elżbieta magdalena joanna
aleksandra zofia natalia sven erik lars nils anders johan karl mikael peter jan per olof gunnar bjorn björn magnus
henrik mats ulf ola eva karin kristina lena kerstin ingrid birgitta marie sofia astrid freya ingeborg mette anne hanne
kirsten jens søren morten niels rasmus mads juha matti antti mikko jari kari timo pekka johannes willem hendrik pieter
cornelis gerrit dirk bart joost maarten sanne daan sem lotte fleur anouk ivan sergei sergey dmitry dmitri alexei andrei
vladimir nikolai mikhail alexander pavel yuri igor oleg boris viktor olga natalia tatiana elena irina svetlana
ekaterina anastasia marina ludmila galina mohammed muhammad mohamed ahmed ali hassan hussein omar ibrahim yusuf khalid
mustafa mahmoud abdullah fatima aisha maryam zainab layla nour amina khadija mehmet murat emre can burak elif zeynep
ayse fatma raj rahul amit sanjay vijay anil sunil ravi suresh ramesh rajesh deepak arjun rohan priya anjali pooja neha
sunita anita kavita lakshmi meera divya wei ming li jing yan hui xin yu hiroshi takashi kenji akira satoshi yuki haruto
sakura yoko keiko naoko minjun jiho seojun jiwoo kwame kofi ama chidi ngozi amara thabo sipho sibusiso aarav vivaan
aleksandar nikola marko stefan milos jovan luka petar jelena milica ivana marija ana katarina andrei mihai ion elena
ioana alexandru florin gheorghe vasile george yiannis nikos dimitris eleni katerina georgios konstantinos zoltan laszlo
istvan jozsef janos gabor attila eszter katalin zsuzsanna jiri jana petr pavel vaclav tereza lukas ondrej bob bill tom
jim mike dave steve chris matt dan ben sam nick tony joe alex max kate liz beth sue jane rob ken greg jeff ed ted ron
don ray jay ian neil graham simon stuart colin nigel trevor gareth rhys owen dylan fiona gemma heidi holly jodie leanne
kirsty nina pia mona sonja tanya vera yvonne yolanda zara stella ruby rose pearl hazel ivy violet eva eleanor edith
florence mabel agnes bertha clara ethel gertrude ida lillian mildred minnie myrtle nellie thelma wilma edwin herbert
fred clarence ernest howard earl elmer lloyd leonard lester melvin milton norman oscar stanley sidney theodore vernon
""")

TITLES = spaced("""
mr mrs ms miss mx dr prof sir dame lady lord rev fr hon capt col lt sgt maj mme mlle m. mr. mrs. ms. dr. prof. rev. mx.
herr frau sr sra srta sr. sra. srta. don doña dona sig sig. dott dott. ing ing. monsieur madame mademoiselle dr.med.
señor señora pan pani г-н г-жа hr hr. fru dhr. mevr.
""")
#: Parts of names in lower case.
PARTICLES = spaced("van von de der den del della di da dos das du la le el al bin ibn ter ten af av y e zu zur")

GENDERS = listed("""
m|f|male|female|man|woman|men|women|d|x|diverse|other|non-binary|nonbinary|non binary|männlich|weiblich|divers|w|h
u|unknown|boy|girl|homme|femme|masculin|féminin|hombre|mujer|masculino|femenino|feminino|maschio|femmina|mannelijk
vrouwelijk|vrouw|kobieta|mężczyzna|мужской|женский|муж|жен|male.|prefer not to say|not specified|trans|transgender
genderfluid|agender|bigender|polygender|genderqueer|男|女
""")
CLEAR_GENDERS = GENDERS - listed(
    "m|f|d|x|w|h|u|other|unknown|diverse|divers|prefer not to say|not specified|male.|男|女"
)
MARITAL = listed("""
single|married|divorced|widowed|separated|never married|engaged|domestic partner|civil union|registered partnership
partnered|cohabiting|ledig|verheiratet|geschieden|verwitwet|célibataire|marié|mariée|divorcé|divorcée|veuf|veuve
soltero|soltera|casado|casada|divorciado|divorciada|viudo|viuda|common law|widow|widower|married-civ-spouse
never-married|married-spouse-absent|married-af-spouse
""")
