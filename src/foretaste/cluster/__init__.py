"""Work side by side. In: functions and parts; out: results, from processes of this machine or from
the workers of a Ray cluster.
"""
