using System.Runtime.CompilerServices;
using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu;

/// <summary>The register tiles of one head size, emitted where the system and the level allow it.</summary>
/// <remarks>An unmanaged value: plans point to it.</remarks>
internal unsafe struct AttentionTiles
{
    private const int Unroll = 8;

    private readonly AttentionStrides _scoreStrides, _valueStrides;
    private readonly int _channels, _scoreUnroll;
    private EmittedFunctions _scores, _values, _singleValues;

    private AttentionTiles(int headDim)
    {
        _channels = headDim;
        _scoreUnroll = headDim % Unroll == 0 ? Unroll : 1;
        _scoreStrides = new(headDim * sizeof(float), AttentionScratch.KeyRow * sizeof(float), AttentionScratch.ScoreStride * sizeof(float), Fresh: true);
        int channels = AttentionScratch.PaddedChannels(headDim) * sizeof(float), state = AttentionScratch.StateStride(headDim) * sizeof(float);
        _valueStrides = new(AttentionScratch.ScoreStride * sizeof(float), channels, state, Fresh: false);
        (Lanes, MaxRows) = (PortableAttentionTile.Lanes, PortableAttentionTile.MaxRows);
    }

    /// <summary>Columns that a tile takes at a time.</summary>
    public int Lanes { get; private set; }

    public int MaxRows { get; private set; }

    public bool IsEmitted { get; private set; }

    /// <summary>Emits what the level has and holds it against the portable tiles: where bits differ, or the system denies executable pages, those serve.</summary>
    public static AttentionTiles Create(int headDim, CpuIsa isa, ExecutableMemory memory)
    {
        var portable = new AttentionTiles(headDim);
        if (!ExecutableMemory.IsSupported || !isa.IsSupported() || isa == CpuIsa.Portable) return portable;
        AttentionTiles tiles = portable;
        return tiles.TryEmit(isa >= CpuIsa.Avx512, memory) && tiles.Agrees(portable) ? tiles : portable;
    }

    /// <summary>scores[r] = q[r] · k: queries [rows, channels] × keys [channels, KeyRow] → [rows, ScoreStride], so many tiles of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Scores(int rows, float* queries, float* keys, float* scores, int tiles)
    {
        var arguments = new AttentionTileArguments { W = keys, X = queries, Sums = scores, Steps = _channels, Tiles = tiles };
        if (!IsEmitted)
        {
            PortableAttentionTile.Run(arguments, _scoreStrides, rows);
            return;
        }

        arguments.Steps /= _scoreUnroll;
        _scores.CallBriefly(&arguments, rows);
    }

    /// <summary>states[r] += Σ weights[r, t] · v[t]: weights [rows, ScoreStride] × values [tokens, channels] → [rows, StateStride].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Values(int rows, float* weights, float* values, float* states, int tokens)
    {
        if (tokens <= 0) return;
        int tiles = AttentionScratch.PaddedChannels(_channels) / Lanes;
        var arguments = new AttentionTileArguments { W = values, X = weights, Sums = states, Steps = tokens, Tiles = tiles };
        if (!IsEmitted)
        {
            PortableAttentionTile.Run(arguments, _valueStrides, rows);
            return;
        }

        int whole = tokens / Unroll * Unroll;
        arguments.Steps = whole / Unroll;
        if (whole > 0) _values.CallBriefly(&arguments, rows);
        arguments = new() { W = values + whole * AttentionScratch.PaddedChannels(_channels), X = weights + whole, Sums = states, Steps = tokens - whole, Tiles = tiles };
        if (whole < tokens) _singleValues.CallBriefly(&arguments, rows);
    }

    private bool TryEmit(bool wide, ExecutableMemory memory)
    {
        (int rows, AttentionStrides scores, AttentionStrides values, int unroll) = (AttentionTileEmitter.MaxRows(wide), _scoreStrides, _valueStrides, _scoreUnroll);
        IsEmitted = EmittedFunctions.TryCreate(memory, rows, n => AttentionTileEmitter.Emit(wide, Abi.OfThisSystem, n, scores, unroll), out _scores)
            && EmittedFunctions.TryCreate(memory, rows, n => AttentionTileEmitter.Emit(wide, Abi.OfThisSystem, n, values, Unroll), out _values)
            && EmittedFunctions.TryCreate(memory, rows, n => AttentionTileEmitter.Emit(wide, Abi.OfThisSystem, n, values, unroll: 1), out _singleValues);
        (Lanes, MaxRows) = (wide ? 32 : 16, rows);
        return IsEmitted;
    }

    /// <summary>Random numbers through every tile and through the portable ones: all bits must be equal.</summary>
    private readonly bool Agrees(in AttentionTiles portable)
    {
        const int tokens = Unroll + 3; // both kernels of values
        using var arena = new NativeArena();
        var random = new Random(1);
        int numbers = Math.Max(_channels * AttentionScratch.KeyRow, tokens * AttentionScratch.PaddedChannels(_channels)), stride = Math.Max(AttentionScratch.ScoreStride, AttentionScratch.StateStride(_channels));
        int sums = MaxRows * stride;
        float* w = Numbers(numbers), x = Numbers(sums), mine = (float*)arena.Allocate(sums * sizeof(float)), others = (float*)arena.Allocate(sums * sizeof(float));
        for (int rows = 1; rows <= MaxRows; rows++)
        {
            Scores(rows, x, w, mine, tiles: 1);
            for (int row = 0; row < rows; row++) portable.Scores(1, x + row * _channels, w, others + row * AttentionScratch.ScoreStride, Lanes / portable.Lanes);
            if (!Equal()) return false;

            Values(rows, x, w, mine, tokens);
            for (int row = 0; row < rows; row++) portable.Values(1, x + row * AttentionScratch.ScoreStride, w, others + row * AttentionScratch.StateStride(_channels), tokens);
            if (!Equal()) return false;
        }

        return true;

        bool Equal() => new ReadOnlySpan<float>(mine, sums).SequenceEqual(new(others, sums));

        float* Numbers(int count)
        {
            float* values = (float*)arena.Allocate((long)count * sizeof(float));
            for (int i = 0; i < count; i++) values[i] = random.NextSingle() - 0.5f;
            return values;
        }
    }
}
