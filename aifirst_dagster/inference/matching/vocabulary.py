"""Words that mean the same in column names: synonyms, abbreviations and everyday translations, kept general."""

from __future__ import annotations

#: Words of one line stand for one another. No word may stand in two lines that are unlike.
_SAME = """
id identifier key code uid nr no num nbr number nummer numero
amount amt sum total value betrag importe montant
quantity qty count cnt units anzahl menge cantidad
name title label designation bezeichnung nombre nom
description desc descr text note notes comment comments remark remarks details
address addr street strasse str direccion adresse
city town municipality ort stadt ciudad ville
country nation land pais pays ctry
region state province area bundesland provincia department
postal zip plz postcode zipcode
phone tel telephone telefon mobile cell fon telefono
email mail correo
customer cust client kunde buyer cliente purchaser
supplier vendor seller lieferant provider proveedor
employee emp staff worker mitarbeiter empleado
company organisation organization org firm firma employer business empresa institution
product prod item article artikel sku good producto
order purchase bestellung pedido
price prc cost costs preis precio rate charge fee
revenue sales turnover umsatz ventas
date dt day datum fecha on
time tm hour zeit hora
year yr jahr ano annee
month mo mon monat mes mois
created signup signed joined registered since opened inscription
updated modified changed edited
start begin began from beginning started
end finish ended until stop finished
birth born dob geburt nacimiento naissance
death died deceased mortality
gender sex geschlecht genero sexe
first given fore vorname prenom
last family sur nachname apellido surname
nationality citizenship
language lang sprache idioma locale
currency ccy curr cur waehrung moneda devise
category cat class kind type typ group grp segment tier genre kategorie
status stat state condition zustand estado
grade level rank score rating
origin source birthplace
latitude lat
longitude lng lon long
height hgt tall stature altitude elevation
weight wgt wt mass gewicht peso
length len size dimension diameter extent
width wdth breadth
temperature temp
speed velocity
percent pct percentage fraction share proportion ratio prct
average avg mean
minimum min lowest
maximum max highest
difference diff delta change
department dept division abteilung
manager mgr boss supervisor
account acct konto cuenta
invoice inv bill rechnung factura
payment pay paid payed
balance bal saldo
discount disc rebate reduction
tax vat
salary wage income earnings pay gehalt salario
education edu schooling degree
occupation job profession role position beruf
married marital
children kids dependents
smoking smoke smoker smoked tobacco cigarette cigarettes
alcohol drinking drinker drink
disease illness disorder condition sickness
diagnosis diag dx
treatment therapy trt treat
medication drug medicine med
patient subject participant case person individual
race ethnicity ethnic
sample specimen
tumor tumour cancer neoplasm malignancy
site location loc place position anatomic
examined tested checked assessed inspected screened
present positive presence found observed identified
absent negative absence
history hist previous prior past
duration period elapsed
days day
vehicle car auto automobile
engine motor
manufacturer make maker brand producer marke
model mdl version
flight flt
departure depart dep departing
arrival arrive arr arriving
passenger pax traveller traveler
destination dest
vital alive living survival survived
transaction txn trans trx
url link website web homepage site
user username login usr
image picture photo img
file document doc
""".strip().splitlines()

#: A name's word -> the words that it is made of.
COMPOUNDS = {
    "dob": "birth date", "birthday": "birth date", "birthdate": "birth date", "geburtsdatum": "birth date",
    "firstname": "first name", "fname": "first name", "forename": "first name", "vorname": "first name",
    "givenname": "first name", "prenom": "first name", "lastname": "last name", "lname": "last name",
    "surname": "last name", "nachname": "last name", "familyname": "last name", "apellido": "last name",
    "fullname": "full name", "username": "user name", "nickname": "nick name", "middlename": "middle name",
    "zipcode": "postal code", "postcode": "postal code", "postalcode": "postal code", "plz": "postal code",
    "zip": "postal code", "phonenumber": "phone number", "telephone": "phone", "cellphone": "phone",
    "emailaddress": "email address", "streetaddress": "street address", "bmi": "body mass index",
    "gdp": "gross domestic product", "ssn": "social security number", "eta": "expected time arrival",
    "url": "url", "uid": "user id", "pk": "primary key", "yob": "birth year", "ts": "time stamp",
    "timestamp": "time stamp", "datetime": "date time", "bday": "birth date", "cntry": "country", "strasse": "street",
    "hausnummer": "house number", "kundennummer": "customer number", "bestelldatum": "order date",
    "rechnungsnummer": "invoice number", "artikelnummer": "product number", "mpg": "miles per gallon",
    "hp": "horse power", "horsepower": "horse power", "mph": "miles per hour", "psi": "pounds per square inch",
}  # fmt: skip

_STOP = """
of the a an in on at to for by is was this that are per and or with from as de der die das del la el le du des
und y et up its has have been be col column field fld var variable attr attribute tbl value val
"""
STOP = frozenset(_STOP.split())
"""Words that say little in a name."""

_UNITS = """
cm mm km kg mg ml lb lbs oz ft inch inches pct usd eur gbp sec secs seconds min mins minutes hours hrs days months
years kmh mph celsius fahrenheit kwh kw hz mb gb g m l
"""
UNITS = frozenset(_UNITS.split())
"""Units that stand in names; they say what is counted, not what it is."""


def synonyms() -> dict[str, frozenset[int]]:
    """Word -> the groups that it stands in."""
    found: dict[str, set[int]] = {}
    for at, line in enumerate(_SAME):
        for word in line.split():
            found.setdefault(word, set()).add(at)
    return {word: frozenset(groups) for word, groups in found.items()}


GROUPS = synonyms()
