"""Training speed beside other toolkits: the same model, the same pieces, the same threads, in turn.

    make bench-train          (or python -m bench.peers.run --help)

`prepare` writes one corpus for all; each system's script (`ours`, `torch_nn`, `huggingface`, `joeynmt`,
`eole`) runs in a venv of its own and reports through `probe`; `limit` says what the machine could do,
`profile` where our time goes, and `run` makes the venvs, takes turns and writes docs/results.
"""
