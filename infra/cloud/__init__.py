"""What a cloud gives a cluster, for the local one: volumes for claims, addresses for load balancers.

The package runs inside an image, as `python3 -m cloud PART`, with nothing but the standard library.
"""
