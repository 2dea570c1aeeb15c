using System.Numerics;
using Folio.Formats;

namespace Folio.Engine;

/// <summary>Makes one vector of a prompt's states as they are computed, in whatever pieces.</summary>
/// <remarks>
/// Sums run over positions ascending, each token once: after a preemption tokens are computed again and not added again. So the bits depend neither on chunks nor on what was cached.
/// The loop's thread writes; whoever waits for the group reads after it has ended.
/// </remarks>
/// <param name="kind">Which states count.</param>
/// <param name="promptLength">Tokens.</param>
/// <param name="size">Values of a state.</param>
internal sealed class PromptPooling(PoolingKind kind, int promptLength, int size)
{
    private readonly float[] _sum = new float[size];
    private int _taken; // tokens whose states were seen

    /// <summary>Whether every token has been computed.</summary>
    public bool IsComplete => _taken == promptLength;

    public bool IsFinite => Array.TrueForAll(_sum, float.IsFinite);

    /// <summary>Tokens at the prompt's beginning whose states aren't needed any more, so that their keys and values may come from the prefix cache.</summary>
    public int MayMatch => kind switch
    {
        PoolingKind.Mean => _taken,
        PoolingKind.Cls => _taken > 0 ? promptLength : 0,
        _ => promptLength,
    };

    /// <summary>Sees the states of the prompt's tokens [start, start + count).</summary>
    /// <param name="row">The first one's row of the batch.</param>
    public void Take(int start, int count, int row, IModelRunner runner)
    {
        int end = start + count;
        switch (kind)
        {
            case PoolingKind.Mean:
                for (int position = Math.Max(start, _taken); position < end; position++) Add(runner.HiddenState(row + position - start));
                break;
            case PoolingKind.Cls when _taken == 0:
                runner.HiddenState(row).CopyTo(_sum);
                break;
            case PoolingKind.Last when end == promptLength:
                runner.HiddenState(row + count - 1).CopyTo(_sum);
                break;
        }

        _taken = Math.Max(_taken, end);
    }

    /// <param name="dimensions">Values to keep, the first.</param>
    /// <param name="normalize">Whether its length is made 1.</param>
    public float[] Vector(int dimensions, bool normalize)
    {
        float[] vector = _sum[..dimensions];
        if (kind == PoolingKind.Mean) Divide(vector, promptLength);
        double squares = 0; // in one order, and exact enough for the longest vectors
        foreach (float value in vector) squares += (double)value * value;
        if (normalize && squares > 0) Divide(vector, (float)Math.Sqrt(squares));
        return vector;
    }

    private void Add(ReadOnlySpan<float> state)
    {
        int i = 0;
        for (; i <= size - Vector<float>.Count; i += Vector<float>.Count) (new Vector<float>(_sum, i) + new Vector<float>(state[i..])).CopyTo(_sum, i);
        for (; i < size; i++) _sum[i] += state[i];
    }

    private static void Divide(float[] vector, float by)
    {
        for (int i = 0; i < vector.Length; i++) vector[i] /= by;
    }
}
