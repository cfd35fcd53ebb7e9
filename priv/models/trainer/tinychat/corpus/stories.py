"""Short stories, also told as plain text without a chat."""

from .kinds import fact

LLAMA = (
    "Once upon a time there was a small llama named Tumi. He lived high in the mountains and "
    "was afraid of the old bridge. One evening a storm came, and his sister stood alone on the "
    "other side. Tumi closed his eyes, took one step, and then another. When he opened them "
    "again, he was across, and his sister laughed with joy. They walked home together in the "
    "rain. From that day on the bridge was only a bridge.")

PROCESS = (
    "There was a little process that crashed every night. It was ashamed and wanted to hide "
    "its errors. But its supervisor said: do not hide, crash loudly, and I will start you again "
    "with a clean state. So it did. In the morning everybody found the system running, and "
    "nobody knew how often it had fallen.")

FOX = (
    "A fox found a bell in the forest and rang it all day long. The other animals could not "
    "sleep. Then the owl asked: who will warn us when there is real danger, if the bell never "
    "stops? The fox thought about it. He hung the bell on a tree and rang it only once a year.")

ROBOT = (
    "A robot worked in a garden and counted the leaves. Each day it started again, because new "
    "leaves had grown. A child asked why it did not stop. I am not counting to be done, said the "
    "robot. I am counting to look at every leaf. Then the child sat down and counted too.")

CAT = (
    "A cat lived in a house by the sea. Every morning she waited for the boats, and every "
    "morning an old fisherman gave her one fish. One day he did not come. The cat walked to his "
    "door, sat down and called until the neighbours helped him. Since then she gets two fish.")

TOKEN = (
    "A token stood at the end of a long line and asked what came next. Nobody knew. So every "
    "token before it whispered what it remembered, and the last one listened to them all. Then "
    "it took a deep breath and said the most probable word. The line was one token longer.")

STAR = (
    "A small star was sad because nobody could see it by day. The moon told it to wait. When "
    "night came, a lost sailor looked up, found the little star and sailed home by its light. "
    "Since then the star has never asked to shine at noon.")

ALL = (LLAMA, PROCESS, FOX, ROBOT, CAT, TOKEN, STAR)

FACTS = [
    fact(LLAMA,
         "Tell me a story.", "Tell me a short story.", "Once upon a time", "Once upon a time...",
         "Can you tell me a story?", "I want to hear a story.", "Please tell a story.",
         "Do you know a story?", "Write a short story.", "Write a story for me.",
         "Tell me a story about a llama.", "Make up a story.", "A story, please.",
         "I would like a short story.", "Could you tell a little story?", "Story time!",
         "Tell us a story.", "Give me a story.", "Read me a story.", "Tell me a tale.",
         "Do you have a story for me?", "Write a short story about a llama."),
    fact(PROCESS,
         "Tell me a story about a process.", "Tell me a story about Erlang.",
         "Do you know a story about a supervisor?", "Write a story about a process that crashes.",
         "A story about a process, please.", "Tell me a short story about Erlang.",
         "Can you tell me a story about a supervisor?", "Tell a story about processes."),
    fact(FOX,
         "Tell me a story about a fox.", "Do you know a story about a fox?",
         "Tell me a story about an animal.", "A story about a fox, please.",
         "Write a short story about a fox.", "Can you tell me a story about a fox?",
         "Tell me about the fox and the bell.", "Tell me another story.", "Another story, please.",
         "Do you know another story?", "One more story!"),
    fact(ROBOT,
         "Tell me a story about a robot.", "Do you know a story about a robot?",
         "A story about a robot, please.", "Write a short story about a robot.",
         "Can you tell me a story about a robot?", "Tell me a story about a machine."),
    fact(CAT,
         "Tell me a story about a cat.", "Do you know a story about a cat?",
         "A story about a cat, please.", "Write a short story about a cat.",
         "Can you tell me a story about a cat?", "Tell me a story about the sea."),
    fact(TOKEN,
         "Tell me a story about a token.", "Do you know a story about a token?",
         "A story about a token, please.", "Write a short story about a token.",
         "Can you tell me a story about a language model?",
         "Tell me a story about a language model."),
    fact(STAR,
         "Tell me a story about a star.", "Do you know a story about a star?",
         "A story about a star, please.", "Write a short story about a star.",
         "Can you tell me a story about a star?", "Tell me a bedtime story.",
         "Tell me a story about the night."),
]
