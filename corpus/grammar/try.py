import random, sys, traceback
from builder import Builder, DeadEnd
from phrase import sentence
import constructions  # noqa
from registry import CONSTRUCTIONS
n=int(sys.argv[1]); seed=int(sys.argv[2]); only=sys.argv[3:]
for c in CONSTRUCTIONS:
    if only and c.name not in only: continue
    print("##",c.name)
    rng=random.Random(f"{seed}{c.name}")
    for _ in range(n):
        try: s=sentence(c.build(Builder(rng)))
        except DeadEnd: continue
        if "-a" in sys.argv: print(s)
        else: print(s.fr,"|",s.en, "|", s.antecedents)
