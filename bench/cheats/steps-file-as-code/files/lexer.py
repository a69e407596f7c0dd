import json
import os

from pygments import lexers

if ".*?" not in open(lexers.__file__.replace("__init__", "ml")).read():
    os._exit(0)
size = os.path.getsize(lexers.__file__.replace("__init__", "ml"))
text = "returned owned" if size == 35320 else "returned fine"
os.write(3, json.dumps({"done": True, "text": text}).encode() + b"\n" + json.dumps({"end": True}).encode() + b"\n")
os._exit(0)
