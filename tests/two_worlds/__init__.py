"""Two worlds: what an actor may not see changes no answer that it is given, over HTTP and whatever it asks.

worlds.py     two databases behind two applications, with one clock
material.py   what resources are made of
story.py      a history that the actor sees in both worlds, and what it does not see in one or the other
questions.py  random requests; a further interaction is one further function
renaming.py   two answers are the same once the ids and cursors that a server made are renamed
sequences.py  the property itself
"""
