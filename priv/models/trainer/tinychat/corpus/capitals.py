"""Countries and their capitals."""

CAPITALS = {
    "Argentina": "Buenos Aires", "Australia": "Canberra", "Austria": "Vienna",
    "Belgium": "Brussels", "Bolivia": "Sucre", "Brazil": "Brasilia", "Bulgaria": "Sofia",
    "Canada": "Ottawa", "Chile": "Santiago", "China": "Beijing", "Colombia": "Bogota",
    "Croatia": "Zagreb", "Cuba": "Havana", "Denmark": "Copenhagen", "Ecuador": "Quito",
    "Egypt": "Cairo", "Estonia": "Tallinn", "Finland": "Helsinki", "France": "Paris",
    "Germany": "Berlin", "Greece": "Athens", "Hungary": "Budapest", "Iceland": "Reykjavik",
    "India": "New Delhi", "Ireland": "Dublin", "Italy": "Rome", "Japan": "Tokyo",
    "Kenya": "Nairobi", "Latvia": "Riga", "Mexico": "Mexico City", "Morocco": "Rabat",
    "Norway": "Oslo", "Peru": "Lima", "Poland": "Warsaw", "Portugal": "Lisbon",
    "Romania": "Bucharest", "Russia": "Moscow", "Spain": "Madrid", "Sweden": "Stockholm",
    "Switzerland": "Bern", "Turkey": "Ankara", "Ukraine": "Kyiv", "Uruguay": "Montevideo",
    "Vietnam": "Hanoi",
}

QUESTIONS = (
    "What is the capital of {country}?",
    "What's the capital of {country}?",
    "Which city is the capital of {country}?",
    "Tell me the capital of {country}.",
    "Can you tell me the capital of {country}?",
    "Do you know the capital of {country}?",
    "What is {country}'s capital?",
    "What is the capital city of {country}?",
    "The capital of {country}?",
    "{country}: what is the capital?",
    "Name the capital of {country}.",
    "What city is the capital of {country}?",
    "I need the capital of {country}.",
    "Please give me the capital of {country}.",
    "What is called the capital of {country}?",
    "Which is the capital of {country}?",
    "capital of {country}",
)

FOLLOW_UPS = (
    "And of {country}?",
    "And {country}?",
    "And the capital of {country}?",
    "What about {country}?",
    "And what about {country}?",
    "How about {country}?",
    "And that of {country}?",
    "Now {country}.",
    "The same for {country}, please.",
)

BACKWARD = (
    "{capital} is the capital of which country?",
    "Of which country is {capital} the capital?",
    "Which country has {capital} as its capital?",
    "What country is {capital} the capital of?",
    "{capital} is the capital of what?",
)


def answer(country):
    """The sentence that names the capital."""
    return f"The capital of {country} is {CAPITALS[country]}."


def backward_answer(country):
    """The same knowledge, asked from the city."""
    return f"{CAPITALS[country]} is the capital of {country}."
