"""Many ways to ask for a definition, and the carelessness of real typing."""

TEMPLATES = (
    "What is {x}?", "What is {x}?", "What is {x}?", "What is {x}?", "What's {x}?",
    "What exactly is {x}?", "What is meant by {x}?", "What does {b} mean?", "Tell me about {x}.",
    "Tell me what {x} is.", "Can you tell me what {x} is?", "Could you tell me what {x} is?",
    "Please tell me what {x} is.", "Explain {x}.", "Please explain {x}.", "Can you explain {x}?",
    "Explain {x} to me.", "Can you explain what {x} is?", "Could you explain {x} to me?",
    "Explain to me what {x} is.", "Define {b}.", "Define {x}.", "Give me a definition of {b}.",
    "What is the definition of {b}?", "Describe {x}.", "Can you describe {x}?",
    "Describe {x} in a few words.", "Describe {x} in one sentence.", "Do you know what {x} is?",
    "Do you know {x}?", "What do you know about {x}?", "I want to know what {x} is.",
    "I do not know what {x} is.", "I would like to know what {x} is.",
    "What kind of thing is {x}?", "What can you say about {x}?", "What does the word {b} mean?",
    "What does one call {x}?", "{b}", "{b}?", "{x}?", "So what is {x}?", "And what is {x}?",
    "In short, what is {x}?", "What is {x}, please?", "Help me understand {x}.",
    "I have never heard of {x}.", "Say something about {x}.", "What would you say {x} is?",
    "Who or what is {x}?", "Tell me something about {x}.", "Give me a short explanation of {x}.",
    "How would you explain {x}?", "How would you describe {x}?", "What should I know about {x}?",
    "I heard of {x}. What is it?", "{x} - what is it?", "{x}, what is that?",
    "Is there a simple way to explain {x}?", "My friend asked me what {x} is.",
    "Teach me about {x}.", "Could you describe {x}?", "I am curious about {x}.",
    "Please describe {x}.", "Let us talk about {x}.", "Talk to me about {x}.",
    "Somebody asked me about {x}.", "Remind me what {x} is.", "What does {x} do?",
    "I need to know what {x} is.", "What is {x} like?", "Let me hear about {x}.",
    "Does the word {b} mean anything to you?", "What do you call {x}?",
    "What is the meaning of {b}?", "Have you heard of {x}?", "Sum up what {x} is.",
    "Give me a short description of {x}.", "Introduce me to {x}.",
    "I am looking for an explanation of {x}.", "You said {b}. What is that?",
    "How is {b} defined?", "Say in one sentence what {x} is.", "We talked about {x}. What is it?",
)

FOLLOW_UPS = (
    "And {x}?", "And what is {x}?", "What about {x}?", "And what about {x}?", "How about {x}?",
    "And {b}?", "Now explain {x}.", "Then what is {x}?", "And can you explain {x}?",
)

MORE = (
    "Tell me more.", "Tell me more about it.", "More, please.", "Can you say more?", "Go on.",
    "What else?", "Please go on.", "Say more.", "And what else?", "More!", "Continue.",
    "Can you tell me more?", "I want to know more.", "Tell me more about that.",
)

STRANGE = (
    "a shoe", "a hammer", "a guitar", "a zebra", "a spoon", "a carpet", "a castle", "a pirate",
    "a sandwich", "a submarine", "a telescope", "chess", "poker", "opera", "marble", "a lawyer",
    "a dentist", "a potato", "a cathedral", "biology", "history", "algebra", "a comet", "Python",
    "Haskell", "Docker", "Windows", "a blog", "a router", "a fork", "a bottle", "a jacket",
    "football", "a ghost", "a dragon", "a king", "a soldier", "petrol", "copper", "a lamp",
)

GREETINGS = (
    "Hi. ", "Hello! ", "Hey, ", "Okay. ", "Now: ", "So: ", "Please: ", "Quick question: ",
    "I have a question. ", "Listen. ", "Thanks. ", "And now: ", "Good morning. ", "Well, ",
    "Tell me: ", "Dear model, ", "Excuse me, ", "One question: ", "Another question: ",
    "Hi llama, ",
)
THANKS = (
    " Thanks.", " Please.", " Thank you.", " Please answer.", " Be brief.", " I am curious.",
    " Thank you!", " Please help me.",
)
FILLERS = ("really", "actually", "just", "exactly", "maybe", "please", "now", "then", "again",
           "quickly", "simply", "for me", "today", "in general", "basically", "perhaps", "here",
           "you know", "really really", "by the way")
SMALL_WORDS = frozenset(("a", "an", "the", "is", "are", "of", "do", "does", "to", "me", "in", "can",
                         "you", "has", "have"))


def capitalised(text):
    """The text with its first letter large, unless that would misspell a name."""
    first = text.split(" ", 1)[0]
    if any(mark in first for mark in "._") or first.startswith("epmd"):
        return text
    return text[:1].upper() + text[1:]


def definition_question(template, concept):
    """The template filled with a Concept."""
    return capitalised(template.format(x=concept.name, b=concept.bare))


def careless(rng, question):
    """The question as somebody in a hurry might type it; often just as it is."""
    if rng.random() < 0.08:
        question = _padded(rng, question)
    if rng.random() < 0.06:
        question = _shortened(rng, question)
    if rng.random() < 0.06:
        question = _misspelt(rng, question)
    if rng.random() < 0.18:
        question = question.rstrip("?.!") or question
    elif rng.random() < 0.05 and question.endswith("?"):
        question += "?"
    choice = rng.random()
    if choice < 0.15:
        question = question.lower()
    elif choice < 0.22:
        question = question[:1].lower() + question[1:]
    elif choice < 0.24:
        question = question.upper()
    if rng.random() < 0.12:
        question = GREETINGS[rng.integers(len(GREETINGS))] + question
    if rng.random() < 0.08 and question.endswith(("?", ".", "!")):
        question += THANKS[rng.integers(len(THANKS))]
    return question


def _padded(rng, text):
    """A word more that changes nothing."""
    words = text.split(" ")
    words.insert(rng.integers(1, len(words) + 1), FILLERS[rng.integers(len(FILLERS))])
    return " ".join(words)


def _shortened(rng, text):
    """One small word less."""
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if word.lower() in SMALL_WORDS]
    if not places:
        return text
    del words[places[rng.integers(len(places))]]
    return " ".join(words)


def _misspelt(rng, text):
    """One letter doubled, lost, or swapped with its neighbour."""
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return text
    i = places[rng.integers(len(places))]
    change = rng.integers(3)
    if change == 0:
        return text[:i] + text[i] + text[i:]
    if change == 1:
        return text[:i] + text[i + 1:]
    return text[:i] + text[i + 1] + text[i] + text[i + 2:]
