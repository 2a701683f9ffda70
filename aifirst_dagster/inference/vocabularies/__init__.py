"""Small vocabularies, in lower case: countries, regions, cities, names of people, languages, the calendar, units."""
