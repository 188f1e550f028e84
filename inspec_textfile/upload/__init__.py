"""Pages published to object storage, so that an alert's link opens from anywhere (needs the package obstore).

target.py   the values of `--upload` and `--instance`
keys.py     which objects there are, and what they are called
profile.py  the small page at a profile's address, which leads to the reports that show it
stores.py   object stores and folders, and their failures in a sentence; the only module that knows obstore
state.py    what is known to be in the store; the memory keeps it between runs
site.py     publishing the pages of a run: start here
send.py     the upload: what changed, several objects at a time, with a time limit
"""
