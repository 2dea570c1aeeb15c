using System.Diagnostics;
using Folio.Bench;
using Folio.Compute;
using Folio.Compute.Cuda;
using Folio.Compute.Cuda.Attention;
using Folio.Engine;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>Steps of a whole model with random weights, without the engine: decoding as it is launched and as it is recorded, prompts, and what the host does meanwhile.</summary>
internal sealed class StepSpeed(Options options) : Part(options), IDisposable
{
    private const int BlockSize = 16;

    private readonly ModelShape _shape = ModelShape.Of(options);
    private CudaBackend? _card;
    private TransformerDecoder? _decoder;
    private KvCache? _cache;
    private StepBatch? _batch;
    private bool _isRecorded;

    private int MostSequences => Options.Size(256, 4);

    private int MostTokens => Options.Size(8192, 32);

    /// <summary>Tokens before each that is decoded.</summary>
    private int Context => Options.Size(512, 20);

    private int BlocksEach => (Context + 1 + BlockSize - 1) / BlockSize;

    private int[] Batches => Options.Size((int[])[1, 8, 64, 256], [1, 3]);

    public override IEnumerable<Item> Items =>
    [
        new("loading", log => Load(log)),
        .. Batches.Select(sequences => new Item($"decoding {sequences}, launched", log => MeasureDecode(log, sequences, isRecorded: false))),
        new("recording", Record),
        .. Batches.Select(sequences => new Item($"decoding {sequences}, recorded", log => MeasureDecode(log, sequences, isRecorded: true))),
        new("the host's part", MeasureHost),
        .. Options.Size((int[])[512, 2048, 8192], [20]).Select(tokens => new Item($"a prompt of {tokens}", log => MeasurePrompt(log, tokens))),
        .. Options.Size((string[])[RandomModel.Fp8, "Q8_0", "Q4_K", "Q4_0"], ["Q8_0"]).Select(type => new Item($"decoding 1, {type}", log => MeasureQuantized(log, type))),
    ];

    public void Dispose() => _card?.Dispose();

    /// <summary>Bytes of weights that a step reads: all but the table of embeddings, of which it reads rows.</summary>
    private double ReadBytes => _decoder!.WeightBytes - 2.0 * _shape.Vocabulary * _shape.Hidden;

    private double KeyBytes => 4.0 * _shape.Layers * _shape.KvHeads * _shape.HeadDim;

    private void Load(ResultLog? log, string type = "BF16", int? sequences = null)
    {
        _card = BothBackends.NewCard(Options);
        using var model = RandomModel.Make(_shape, type);
        using ModelSource source = model.Open();
        long start = Stopwatch.GetTimestamp();
        _decoder = TransformerDecoder.Load(source, _card);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        log?.Figure($"weights to the card: {_shape}, {type}", new(seconds, seconds, seconds, 1), _decoder.WeightBytes / 1e9, "GB/s");
        _decoder.Reserve(MostTokens, sequences ?? MostSequences, sequences ?? MostSequences);
        int blocks = Math.Max(MostSequences * BlocksEach, MostTokens / BlockSize + 1);
        _cache = _card.AllocateKvCache(_decoder.Spec.KvCacheShape(BlockSize, blocks, DType.BF16));
        RandomBuffer.Fill(_card.Context, ((CudaKvCache)_cache).Data, _cache.Bytes);
        _batch = new StepBatch(MostTokens, sequences ?? MostSequences, Math.Max(BlocksEach, MostTokens / BlockSize + 1));
    }

    private void LoadOnce()
    {
        if (_decoder is null) Load(log: null);
    }

    private void Record(ResultLog log)
    {
        LoadOnce();
        long start = Stopwatch.GetTimestamp();
        _decoder!.Prepare(_batch!, _cache!);
        _isRecorded = true;
        log.Fact("recording steps of all sizes", FormattableString.Invariant($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s for up to {MostSequences} sequences"));
    }

    private void MeasureDecode(ResultLog log, int sequences, bool isRecorded)
    {
        LoadOnce();
        if (isRecorded && !_isRecorded) Record(log);
        AddDecodes(sequences);
        using var clock = new CardClock(Options, _card!.Context);
        Samples seconds = clock.Measure(() => _decoder!.Forward(_batch!, _cache!), seconds: 0.8);
        double gigabytes = (ReadBytes + (double)sequences * (Context + 1) * KeyBytes) / 1e9;
        bool isAsked = sequences == 1 && isRecorded;
        log.Figure($"decoding {sequences} after {Context}, {(isRecorded ? "recorded" : "launched")}", seconds, sequences, "tok/s", result => result with
        {
            Rate = gigabytes / seconds.Median,
            Limit = Limits.Memory,
            WantedShare = isAsked ? 0.8 : null,
            Text = FormattableString.Invariant($"{seconds.Median * 1e3:0.00} ms a step"),
        });
    }

    /// <summary>Of a recorded step: from its tokens to its launch, and what the engine does round it.</summary>
    private void MeasureHost(ResultLog log)
    {
        LoadOnce();
        if (!_isRecorded) Record(log);
        var samples = new List<double>();
        for (int i = 0; i < Options.Size(300, 5); i++)
        {
            long start = Stopwatch.GetTimestamp();
            AddDecodes(MostSequences);
            _decoder!.Forward(_batch!, _cache!);
            samples.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            Compute.Cuda.Card.CudaContext.Synchronize(_card!.Context.Stream);
        }

        Samples launching = Samples.Of(samples[(samples.Count / 3)..]);
        log.Time($"host: a batch of {MostSequences} laid out, sent and launched", launching, 1e6, "µs");
        if (Options.Tiny) return;
        for (int i = 0; i < 3; i++) HostBench.MeasureLoop(runsBeside: true, repeats: 9); // the compiler's first looks
        (double best, double median, _) = HostBench.MeasureLoop(runsBeside: true, repeats: 9);
        log.Time("host: a turn of the engine's loop with 256 sequences, the model taking no time", new(median / 1e6, best / 1e6, median / 1e6, 9), 1e6, "µs");
        double both = launching.Median + median / 1e6;
        log.Time("host: both", new(both, both, both, 1), 1e6, "µs", result => result with { Wanted = 100 });
    }

    private void MeasurePrompt(ResultLog log, int tokens)
    {
        LoadOnce();
        _batch!.Clear();
        _batch.Add(new int[tokens], 0, [.. Enumerable.Range(0, (tokens + BlockSize - 1) / BlockSize)], BlockSize, tokens);
        _batch.WantLogits(tokens - 1);
        using var clock = new CardClock(Options, _card!.Context);
        Samples seconds = clock.Measure(() => _decoder!.Forward(_batch!, _cache!), seconds: 1);
        double layers = _shape.Layers * _shape.Products.Sum(product => 2.0 * product.Outputs * product.Inputs);
        double operations = (tokens * (layers + 2.0 * _shape.Layers * _shape.Heads * _shape.HeadDim * (tokens + 1)) + 2.0 * _shape.Vocabulary * _shape.Hidden) / 1e12;
        log.Figure($"a prompt of {tokens}", seconds, tokens, "tok/s", result => result with { Rate = operations / seconds.Median, Limit = Limits.Products, Text = FormattableString.Invariant($"{seconds.Median * 1e3:0.0} ms") });
    }

    private void MeasureQuantized(ResultLog log, string type)
    {
        _card?.Dispose();
        _isRecorded = false;
        Load(log, type, sequences: 1);
        _decoder!.Prepare(_batch!, _cache!);
        AddDecodes(1);
        using var clock = new CardClock(Options, _card!.Context);
        Samples seconds = clock.Measure(() => _decoder.Forward(_batch!, _cache!), seconds: 0.8);
        double embedding = (double)_shape.Vocabulary * _shape.Hidden, share = type == RandomModel.Fp8 ? 2 * embedding / _decoder.WeightBytes : embedding / ValuesOfModel;
        double gigabytes = (_decoder.WeightBytes * (1 - share) + (Context + 1) * KeyBytes) / 1e9;
        string step = FormattableString.Invariant($"{seconds.Median * 1e3:0.00} ms a step");
        log.Figure($"decoding 1 after {Context}, recorded, {type}", seconds, 1, "tok/s", result => result with { Rate = gigabytes / seconds.Median, Limit = Limits.Memory, Text = step });
    }

    private double ValuesOfModel => _shape.Layers * _shape.Products.Sum(product => (double)product.Outputs * product.Inputs) + 2.0 * _shape.Vocabulary * _shape.Hidden;

    private void AddDecodes(int sequences)
    {
        _batch!.Clear();
        Span<int> blocks = stackalloc int[BlocksEach];
        for (int s = 0; s < sequences; s++)
        {
            for (int i = 0; i < blocks.Length; i++) blocks[i] = s + i * MostSequences; // scattered, as a pool that has been in use gives them
            _batch.WantLogits(_batch.Add([s], Context, blocks, BlockSize, Context));
        }
    }
}
