"""The fault-injection campaign: clients, a nemesis that injects faults, and a checker of the recorded history."""
