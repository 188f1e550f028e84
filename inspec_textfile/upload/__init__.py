"""Pages published to object storage, so that an alert's link opens from anywhere (the extra `upload`).

    target.py    what `--upload` and `--instance` say
    keys.py      which objects there are, and what they are called
    settings.py  endpoint, region and credentials from the environment
    stores.py    object stores and folders, their failures in a sentence; the only module that knows obstore
    state.py     what the last upload left there
    site.py      what a run found, published
    send.py      the upload: what changed, in parallel, with a time limit

Nothing here is imported unless an upload is asked for.
"""
