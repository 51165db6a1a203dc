"""Runs llama.cpp's own server until standard input ends.

usage: llama_server.py MODEL.gguf PORT [embedding]
"""

import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.port = int(sys.argv[2])
params.n_ctx = 2048
params.n_parallel = 2
params.use_jinja = True
params.warmup = False
params.embedding = "embedding" in sys.argv[3:]
if params.embedding:
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
