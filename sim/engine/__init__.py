"""What worlds are built from: the stage, chance in kernels, quantities, arrivals, populations, services, the outbox.

Knows: SimPy (nobody else imports it), blocks, levers. Does not know: any world, any model.
"""
