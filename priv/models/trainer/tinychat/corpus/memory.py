"""What the user says about themselves and asks for later, and echoes."""

from dataclasses import dataclass

NAMES = (
    "Ada", "Alan", "Alice", "Amir", "Anna", "Ben", "Bob", "Carla", "Carlos", "Clara", "Daniel",
    "David", "Diana", "Elena", "Emma", "Erik", "Eva", "Fatima", "Felix", "Frank", "George",
    "Grace", "Hana", "Hugo", "Ida", "Igor", "Ines", "Ivan", "Jack", "James", "Jane", "Joe",
    "John", "Jose", "Juan", "Julia", "Karl", "Kate", "Kenji", "Lara", "Lena", "Leo", "Lily",
    "Linda", "Lisa", "Lucas", "Lucy", "Luis", "Maria", "Mark", "Marta", "Mary", "Max", "Mei",
    "Mia", "Mike", "Mina", "Nina", "Noah", "Nora", "Olga", "Oscar", "Otto", "Pablo", "Paul",
    "Peter", "Petra", "Rosa", "Ruth", "Sam", "Sara", "Simon", "Sofia", "Susan", "Tim", "Tom",
    "Vera", "Victor", "Wei", "Yuki", "Zoe")

COLOURS = ("red", "green", "blue", "yellow", "black", "white", "brown", "orange", "purple",
           "pink", "grey", "gold", "silver", "violet")

CITIES = ("Lima", "Rome", "Paris", "Oslo", "Berlin", "Vienna", "Tokyo", "Cairo", "Madrid",
          "Dublin", "Athens", "Quito", "Stockholm", "London", "Boston", "Sydney", "Munich",
          "Milan", "Lyon", "Porto", "Geneva", "Toronto", "Chicago", "Mumbai", "Seoul")

PETS = ("Rex", "Luna", "Bello", "Milo", "Coco", "Kira", "Bruno", "Nero", "Fido", "Rocky",
        "Tiger", "Flocke", "Simba", "Nala", "Balu", "Lola", "Oskar", "Pepper", "Ginger", "Snowy")

CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"

WORDS = ("red", "green", "cold", "warm", "old", "new", "quiet", "happy", "llama", "river",
         "stone", "window", "apple", "garden", "winter", "music", "paper", "horse", "silver",
         "letter", "one", "two", "three", "banana", "process", "supervisor", "node", "mountain",
         "coffee", "ocean", "hello", "world", "yes", "no", "good", "bad", "the", "and", "cat",
         "dog", "tree", "light", "dark", "round", "fast", "slow", "bread", "book", "cloud", "key")


@dataclass(frozen=True)
class Memory:
    """A statement with a value in it, its answer, and the question for the value."""

    statements: tuple
    reply: str
    questions: tuple
    recall: str
    ignorance: str
    values: tuple
    invented: bool  # whether made-up names may stand for the value


MEMORIES = (
    Memory(("My name is {v}.", "I am {v}.", "I'm {v}.", "Call me {v}.", "Hello, my name is {v}.",
            "Hi, I am {v}.", "They call me {v}.", "You can call me {v}.", "Hello, I am {v}."),
           "Nice to meet you, {v}.",
           ("What is my name?", "What's my name?", "Who am I?", "Do you remember my name?",
            "Tell me my name.", "How am I called?", "Do you know my name?", "Say my name.",
            "What was my name?", "Can you tell me my name?"),
           "Your name is {v}.", "You have not told me your name.", NAMES, True),
    Memory(("My favourite colour is {v}.", "My favorite color is {v}.", "I like {v} best.",
            "The colour I like best is {v}.", "I love the colour {v}."),
           "I will remember that you like {v}.",
           ("What is my favourite colour?", "What is my favorite color?",
            "Which colour do I like best?", "Which colour do I like?",
            "Do you remember my favourite colour?", "Tell me my favourite colour."),
           "Your favourite colour is {v}.", "You have not told me your favourite colour.",
           COLOURS, False),
    Memory(("I live in {v}.", "My home is in {v}.", "I come from {v}.", "I am from {v}.",
            "My city is {v}."),
           "I hope you like it in {v}.",
           ("Where do I live?", "Where am I from?", "In which city do I live?", "What is my city?",
            "Do you remember where I live?", "Tell me where I live.", "Which city do I live in?"),
           "You live in {v}.", "You have not told me where you live.", CITIES, True),
    Memory(("My dog is called {v}.", "I have a dog named {v}.", "The name of my dog is {v}.",
            "My dog's name is {v}.", "I have a dog. It is called {v}."),
           "{v} is a good name for a dog.",
           ("What is my dog called?", "What is the name of my dog?", "What is my dog's name?",
            "How is my dog called?", "Do you remember my dog's name?",
            "Tell me the name of my dog."),
           "Your dog is called {v}.", "You have not told me about a dog.", PETS, True),
)

ECHO_QUESTIONS = ("Repeat: {v}", "Repeat after me: {v}", "Say: {v}", "Please repeat: {v}",
                  "Echo: {v}", "Repeat these words: {v}", "Say this: {v}", "Can you repeat: {v}")


def draw_value(rng, memory):
    """A value from the list, or a made-up one so that copying is learned, not the list."""
    if memory.invented and rng.random() < 0.4:
        return invented_name(rng)
    return memory.values[rng.integers(len(memory.values))]


def invented_name(rng):
    """Two or three random syllables."""
    letters = []
    for _ in range(rng.integers(2, 4)):
        letters.append(CONSONANTS[rng.integers(len(CONSONANTS))])
        letters.append(VOWELS[rng.integers(len(VOWELS))])
    if rng.random() < 0.4:
        letters.append(CONSONANTS[rng.integers(len(CONSONANTS))])
    return "".join(letters).capitalize()


def draw_echo(rng):
    """One to five words to repeat."""
    return " ".join(WORDS[rng.integers(len(WORDS))] for _ in range(rng.integers(1, 6)))
