using Folio.Compute;

namespace Folio.Models;

/// <summary>The rotation angles of one kind of layer: rows of cosines and of sines in the backend's memory, used by all those layers.</summary>
/// <remarks>
/// fp32 as in transformers: angle = position · frequency, then its cosine and sine, times the attention factor. Where angles depend on the position alone there is a
/// row for each position, made when it first comes; where they depend on the length too (dynamic NTK), or there are very many positions, a row for each token of the step.
/// </remarks>
internal sealed class RotaryEmbedding
{
    /// <summary>Positions that have rows of their own at most.</summary>
    private const int MaxKnown = 1 << 17;

    /// <summary>Positions that are learnt together, so that few steps have to.</summary>
    private const int Piece = 256;

    private readonly Backend _backend;
    private readonly RopeSpec _spec;
    private readonly int _half;                // pairs of channels that turn
    private readonly float[] _frequencies;     // [half], of sequences of length _length
    private readonly float[] _cosines, _sines; // [rows of a piece or of a step, half]
    private int _length = -1;
    private int _known;

    public RotaryEmbedding(RopeSpec spec, int contextLength, int maxTokens, Backend backend)
    {
        _backend = backend;
        _spec = spec;
        _half = spec.RotaryDim / 2;
        _frequencies = new float[_half];
        bool byPosition = IsByPosition(spec, contextLength);
        int rows = byPosition ? contextLength : maxTokens;
        _cosines = new float[(long)(byPosition ? Piece : maxTokens) * _half];
        _sines = new float[_cosines.Length];
        Angles = new(backend.Allocate(rows, _half), backend.Allocate(rows, _half), spec.Style, byPosition);
    }

    public RopeSpec Spec => _spec;

    /// <summary>[rows, half] by position, or of the last step's tokens.</summary>
    public RopeAngles Angles { get; }

    /// <summary>Bytes that the rows take.</summary>
    public static long Bytes(RopeSpec spec, int contextLength, int maxTokens) =>
        2L * (IsByPosition(spec, contextLength) ? contextLength : maxTokens) * (spec.RotaryDim / 2) * sizeof(float);

    /// <summary>Makes the angles of this step's tokens.</summary>
    public void Prepare(StepBatch batch)
    {
        if (Angles.IsByPosition)
        {
            int last = 0;
            foreach (int position in batch.Positions.AsSpan(0, batch.Tokens)) last = Math.Max(last, position);
            while (_known <= last) LearnPiece();
            return;
        }

        for (int row = 0; row < batch.Tokens; row++)
        {
            SetLength(batch.RopeLengths[row]);
            Turn(batch.Positions[row], row);
        }

        Write(0, batch.Tokens);
    }

    private static bool IsByPosition(RopeSpec spec, int contextLength) => !spec.Scaling.DependsOnLength && contextLength <= MaxKnown;

    private void LearnPiece()
    {
        SetLength(0);
        int count = Math.Min(Piece, Angles.Cosines.Rows - _known);
        for (int i = 0; i < count; i++) Turn(_known + i, i);
        Write(_known, count);
        _known += count;
    }

    private void Write(int first, int count)
    {
        _backend.Write(Angles.Cosines.RowsAt(first, count), _cosines.AsSpan(0, count * _half));
        _backend.Write(Angles.Sines.RowsAt(first, count), _sines.AsSpan(0, count * _half));
    }

    private void SetLength(int length)
    {
        if (!_spec.Scaling.DependsOnLength) length = 0;
        if (length == _length) return;
        _length = length;
        RopeScaling.Plain(_spec.Theta, _frequencies);
        _spec.Scaling.Apply(_spec.Theta, length, _frequencies);
    }

    private void Turn(int position, int row)
    {
        float factor = _spec.Scaling.AttentionFactor;
        for (int i = 0; i < _half; i++)
        {
            (float sine, float cosine) = MathF.SinCos(position * _frequencies[i]);
            _cosines[row * _half + i] = cosine * factor;
            _sines[row * _half + i] = sine * factor;
        }
    }
}
