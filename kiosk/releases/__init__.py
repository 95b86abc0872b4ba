"""What comes down from the province: rosters, trust, lists and settings, as signed releases with no way back.

``repository`` publishes, at the hub. ``fetching`` takes them in, at a clinic. Both speak The Update Framework, and
share nothing but the names of what is released.
"""
