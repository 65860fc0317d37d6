"""PixLab's calls as Python programs make them: client.py BASE KEY CALL [ARGUMENT...]

Prints "STATUS VALUE": the link, the answer to a deletion, or the error.
"""
import sys

import requests

base, key, call = sys.argv[1:4]
args = sys.argv[4:]


def show(reply, field="link"):
    answer = reply.json()
    if answer["status"] != 200:
        print(answer["status"], answer["error"])
    else:
        print(answer["status"], answer[field])


if call == "copy":
    show(requests.get(base + "/copy", params={"img": args[0], "key": key}, timeout=10))
elif call == "store":
    with open(args[0], "rb") as picture:
        show(requests.post(base + "/store", files={"file": picture}, data={"comment": "a picture", "key": key}, timeout=30))
elif call == "delete":
    show(requests.get(base + "/delete", params={"link": args[0], "key": key}, timeout=10), "deleted")
elif call == "crop":
    x, y, width, height = args[1:5]
    show(requests.get(base + "/crop", params={"img": args[0], "x": x, "y": y, "width": width, "height": height, "key": key}, timeout=10))
elif call == "crop-json":
    x, y, width, height = map(int, args[1:5])
    show(requests.post(base + "/crop", json={"img": args[0], "x": x, "y": y, "width": width, "height": height, "key": key}, timeout=10))
elif call == "crop-blob":
    reply = requests.get(base + "/crop", params={"img": args[0], "x": 1, "y": 1, "width": 9, "blob": True, "key": key}, timeout=10)
    reply.raise_for_status()
    print(reply.status_code, reply.headers["Content-Type"], len(reply.content) > 0)
elif call == "oilpaint":
    reply = requests.get(base + "/oilpaint", params={"img": args[0], "radius": 3, "key": key}, timeout=10)
    show(reply)
else:
    sys.exit("no such call")
