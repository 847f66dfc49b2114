"""Embedding + GRU + Linear with AdamW in PyTorch: what the trainer is compared with.

Reads a line of JSON for each request and answers with one:
  {"id", "open": {"vocab", "dim", "hidden", "lanes", "segment"}}  ->  {}
  {"id", "steps", "threads"}  ->  {"seconds": wall clock, "cpu": processor seconds, "loss": nats}
  {"id", "close"}  ->  {}
Truncated back-propagation: the state is carried from batch to batch and detached, as in the trainer.
"""
import json
import resource
import sys
import time

import torch


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Model(torch.nn.Module):
    def __init__(self, vocab, dim, hidden):
        super().__init__()
        self.embed = torch.nn.Embedding(vocab, dim)
        self.rnn = torch.nn.GRU(dim, hidden, batch_first=True)
        self.fc = torch.nn.Linear(hidden, vocab)
        if dim == hidden:
            self.fc.weight = self.embed.weight

    def forward(self, tokens, state):
        out, state = self.rnn(self.embed(tokens), state)
        return self.fc(out), state


class Run:
    def __init__(self, vocab, dim, hidden, lanes, segment):
        torch.manual_seed(1)
        self.model = Model(vocab, dim, hidden)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.tokens = torch.randint(vocab, (lanes, segment + 1))
        self.state = None

    def step(self):
        logits, state = self.model(self.tokens[:, :-1], self.state)
        self.state = state.detach()
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), self.tokens[:, 1:].reshape(-1))
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return float(loss)


def main():
    runs = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            runs[request["id"]] = Run(**request["open"])
            answer = {}
        elif "close" in request:
            del runs[request["id"]]
            answer = {}
        else:
            torch.set_num_threads(request["threads"])
            run = runs[request["id"]]
            begin, cpu = time.perf_counter(), processor_seconds()
            for _ in range(request["steps"]):
                loss = run.step()
            answer = {"seconds": time.perf_counter() - begin, "cpu": processor_seconds() - cpu, "loss": loss}
        print(json.dumps(answer), flush=True)


main()
