using Folio.Compute;

namespace Folio.Models;

/// <summary>The rotation angles of one kind of layer: for each token of the step a row of cosines and one of sines, made once and used by all those layers.</summary>
/// <remarks>
/// fp32 as in transformers: angle = position · frequency, then its cosine and sine, times the attention factor. Where angles depend on the position alone they
/// are kept by position and made when a position first comes; where they depend on the length too (dynamic NTK) they are made anew for each step.
/// </remarks>
internal sealed class RotaryEmbedding
{
    /// <summary>Positions whose angles are kept at most; later ones are made when they come.</summary>
    private const int MaxKnown = 1 << 16;

    private readonly Backend _backend;
    private readonly RopeSpec _spec;
    private readonly int _half;                  // pairs of channels that turn
    private readonly float[] _frequencies;       // [half], of sequences of length _length
    private readonly float[] _knownCosines, _knownSines; // [positions, half]; only the first _known positions are filled
    private readonly float[] _hostCosines, _hostSines;   // [maxTokens, half]
    private readonly Tensor _cosines, _sines;    // the same in the backend's memory
    private int _length = -1;
    private int _known;
    private int _tokens;

    public RotaryEmbedding(RopeSpec spec, int contextLength, int maxTokens, Backend backend)
    {
        _backend = backend;
        _spec = spec;
        _half = spec.RotaryDim / 2;
        _frequencies = new float[_half];
        int kept = spec.Scaling.DependsOnLength ? 0 : Math.Min(contextLength, MaxKnown);
        _knownCosines = new float[(long)kept * _half];
        _knownSines = new float[(long)kept * _half];
        _hostCosines = new float[(long)maxTokens * _half];
        _hostSines = new float[(long)maxTokens * _half];
        _cosines = backend.Allocate(maxTokens, _half);
        _sines = backend.Allocate(maxTokens, _half);
    }

    public RopeSpec Spec => _spec;

    /// <summary>Bytes of the rows of a step's tokens, here and at the backend.</summary>
    public static long StepBytes(RopeSpec spec, int maxTokens) => 4L * maxTokens * (spec.RotaryDim / 2) * sizeof(float);

    /// <summary>Makes the angles of this step's tokens.</summary>
    public void Prepare(StepBatch batch)
    {
        _tokens = batch.Tokens;
        for (int row = 0; row < _tokens; row++)
        {
            Span<float> cosines = _hostCosines.AsSpan(row * _half, _half), sines = _hostSines.AsSpan(row * _half, _half);
            int position = batch.Positions[row];
            if ((long)position * _half < _knownCosines.Length)
            {
                LearnUpTo(position);
                _knownCosines.AsSpan(position * _half, _half).CopyTo(cosines);
                _knownSines.AsSpan(position * _half, _half).CopyTo(sines);
            }
            else
            {
                SetLength(batch.RopeLengths[row]);
                Turn(position, cosines, sines);
            }
        }

        _backend.Write(_cosines, _hostCosines.AsSpan(0, _tokens * _half));
        _backend.Write(_sines, _hostSines.AsSpan(0, _tokens * _half));
    }

    /// <summary>Rotates the heads of x in place: a row for each token of the step.</summary>
    public void Apply(Tensor x, int headDim) =>
        _backend.Rope(x, headDim, _cosines.FirstRows(_tokens), _sines.FirstRows(_tokens), _spec.Style);

    private void LearnUpTo(int position)
    {
        for (; _known <= position; _known++)
        {
            SetLength(0);
            Turn(_known, _knownCosines.AsSpan(_known * _half, _half), _knownSines.AsSpan(_known * _half, _half));
        }
    }

    private void SetLength(int length)
    {
        if (!_spec.Scaling.DependsOnLength) length = 0;
        if (length == _length) return;
        _length = length;
        RopeScaling.Plain(_spec.Theta, _frequencies);
        _spec.Scaling.Apply(_spec.Theta, length, _frequencies);
    }

    private void Turn(int position, Span<float> cosines, Span<float> sines)
    {
        float factor = _spec.Scaling.AttentionFactor;
        for (int i = 0; i < _half; i++)
        {
            (float sine, float cosine) = MathF.SinCos(position * _frequencies[i]);
            cosines[i] = cosine * factor;
            sines[i] = sine * factor;
        }
    }
}
