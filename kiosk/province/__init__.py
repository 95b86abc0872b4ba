"""A clinic's side of the province's hub: what goes up, what comes down, and who this clinic is. See ``docs/hub.md``.

The staff's process alone calls the hub; the patient's process calls nobody.
"""
