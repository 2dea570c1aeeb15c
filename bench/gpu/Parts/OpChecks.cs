using Folio.Compute;
using Folio.Compute.Cuda.Attention;

namespace Folio.GpuBench;

/// <summary>What is done value by value, row by row and block by block, and sampling, beside the CPU's.</summary>
internal sealed class OpChecks(Options options) : Part(options), IDisposable
{
    private const double Exact = 1e-4, Narrow = 3e-2; // fp32, and what is rounded to bf16

    private readonly BothBackends _both = new(options);

    private int Rows => Options.Size(67, 3);

    private int Columns => Options.Size(4096, 96);

    public override IEnumerable<Item> Items =>
    [
        new("norms", CheckNorms),
        new("activations", CheckActivations),
        new("rows", CheckRows),
        new("blocks", CheckBlocks),
        new("draws", CheckDraws),
    ];

    public void Dispose() => _both.Dispose();

    private void CheckNorms(ResultLog log)
    {
        float[] x = StoredValues.Activations(Rows * Columns, 1), weight = StoredValues.Activations(Columns, 2), bias = StoredValues.Activations(Columns, 3);
        foreach (DType type in (DType[])[DType.F32, DType.BF16])
        {
            foreach (int group in (int[])[Columns, Options.Size(128, 32)])
            {
                _both.Compare(log, $"RMS norm of {Columns / group} × {group} to {type}", type == DType.F32 ? Exact : Narrow, backend =>
                {
                    Tensor y = BothBackends.Room(backend, Rows, Columns, type);
                    backend.RmsNorm(BothBackends.Of(backend, x, Rows), backend.Upload(weight.AsSpan(0, group)), 1e-5f, y);
                    return BothBackends.Read(backend, y);
                });
            }

            _both.Compare(log, $"layer norm to {type}", type == DType.F32 ? Exact : Narrow, backend =>
            {
                Tensor y = BothBackends.Room(backend, Rows, Columns, type);
                backend.LayerNorm(BothBackends.Of(backend, x, Rows), backend.Upload(weight), backend.Upload(bias), 1e-5f, y);
                return BothBackends.Read(backend, y);
            });
        }
    }

    private void CheckActivations(ResultLog log)
    {
        float[] x = StoredValues.Activations(Rows * 2 * Columns, 1);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach (DType type in (DType[])[DType.F32, DType.BF16])
            {
                _both.Compare(log, $"{activation} to {type}, gated", type == DType.F32 ? Exact : Narrow, backend =>
                {
                    Tensor both = BothBackends.Of(backend, x, Rows), y = BothBackends.Room(backend, Rows, Columns, type);
                    backend.ActivateGated(activation, both.Slice(0, Columns), both.Slice(Columns, Columns), y);
                    return BothBackends.Read(backend, y);
                });
            }

            _both.Compare(log, $"{activation}", Exact, backend =>
            {
                Tensor y = BothBackends.Room(backend, Rows, 2 * Columns);
                backend.Activate(activation, BothBackends.Of(backend, x, Rows), y);
                return BothBackends.Read(backend, y);
            });
        }
    }

    private void CheckRows(ResultLog log)
    {
        float[] x = StoredValues.Activations(Rows * Columns, 1);
        _both.Compare(log, "rows gathered and added", 0, backend =>
        {
            Tensor from = BothBackends.Of(backend, x, Rows), y = backend.Allocate(2, Columns);
            backend.GatherRows(from, (int[])[Rows - 1, 0], y);
            backend.Add(y, from.RowsAt(1, 1).Repeated(2));
            return BothBackends.Read(backend, y);
        });
    }

    /// <summary>A block keeps its bits, copied on the card, moved to the host and moved back to another place.</summary>
    private void CheckBlocks(ResultLog log)
    {
        const int blocks = 12;
        var shape = new KvCacheShape(Options.Size(8, 2), KvHeads: 2, HeadDim: Options.Size(128, 16), BlockSize: 16, blocks);
        KvCache cache = _both.Card.AllocateKvCache(shape);
        RandomBuffer.Fill(_both.Card.Context, ((CudaKvCache)cache).Data, cache.Bytes);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            Tensor rows = BothBackends.Of(_both.Card, StoredValues.Activations(blocks * 16 * 2 * shape.HeadDim, layer), blocks * 16);
            _both.Card.StoreKv(cache, layer, rows, rows, (int[])[.. Enumerable.Range(0, blocks * 16)]);
        }

        using HostKvBlocks host = _both.Card.AllocateHostBlocks(shape);
        _both.Card.CopyToHost(cache, host, [new(0, 0), new(1, 1)]);
        _both.Card.CopyBlocks(cache, [new(0, 5), new(1, 6)]);
        _both.Card.CopyFromHost(cache, host, [new(1, 8), new(0, 9)]);
        _both.Card.CopyToHost(cache, host, [new(5, 2), new(6, 3), new(9, 4), new(8, 5)]);
        for (int slot = 2; slot < 6; slot++)
        {
            int length = host[slot].CommonPrefixLength(host[slot % 2]);
            log.Check(slot < 4 ? $"block {slot % 2} copied on the card" : $"block {slot % 2} moved to the host and back", host.BytesPerBlock - length, 0, "bytes behind the first that differs");
        }

        log.Check("blocks differ from each other", host[0].SequenceEqual(host[1]) ? 1 : 0, 0);
    }

    private void CheckDraws(ResultLog log)
    {
        int rows = Options.Size(64, 2), vocabulary = Options.Size(128256, 1000);
        float[] logits = [.. StoredValues.Activations(rows * vocabulary, 1).Select((value, i) => 4 * value + i % 7)];
        (string Name, SampleRequest Request)[] ways =
        [
            ("the largest", new(0, 0, 0, 1, 0, 0, 0)),
            ("a draw", new(0, 1, 0, 1, 0, 0, 0)),
            ("a draw, temperature 0.7, top-k 50, top-p 0.9", new(0, 0.7f, 50, 0.9f, 0, 0, 0)),
            ("a draw, min-p 0.05", new(0, 1, 0, 1, 0.05f, 0, 0)),
        ];
        foreach ((string name, SampleRequest request) in ways)
        {
            SampleRequest[] requests = [.. Enumerable.Range(0, rows).Select(row => request with { Row = row, Seed = (ulong)row, Position = 3 * row })];
            int[] expected = new int[rows], actual = new int[rows];
            _both.Cpu.Sample(BothBackends.Of(_both.Cpu, logits, rows), requests, expected);
            _both.Card.Sample(BothBackends.Of(_both.Card, logits, rows), requests, actual);
            log.Check($"{name} from {vocabulary}", expected.Zip(actual).Count(pair => pair.First != pair.Second), 0, $"of {rows} draws that differ");
        }
    }
}
