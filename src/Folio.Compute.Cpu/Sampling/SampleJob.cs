namespace Folio.Compute.Cpu;

/// <summary>An item is one request's row of logits [rows, vocabulary]: filtered in place, then one draw (<see cref="SampleRequest"/> defines both).</summary>
/// <remarks>
/// Order: each row is one thread's, so a draw depends on its row and request only. Requests must name different rows.
/// Bound: a few vector passes over a row in the second-level cache; of a draw without filters half the time is making random bits.
/// </remarks>
internal readonly unsafe struct SampleJob(Tensor logits, SampleRequest* requests, int* results) : IParallelJob
{
    private const float GreedyBelow = 1e-5f;

    public void Run(int item, int worker)
    {
        ref SampleRequest request = ref requests[item];
        float* row = logits.Row(request.Row);
        results[item] = request.Temperature < GreedyBelow ? TokenDraw.Largest(row, logits.Columns) : Draw(row, logits.Columns, request);
    }

    private static int Draw(float* row, int n, in SampleRequest request)
    {
        float max = TokenFilter.Scale(row, n, request.Temperature);
        if (max == float.NegativeInfinity) return TokenDraw.None;
        TokenFilter.Apply(row, n, max, request.MinP, request.TopK, request.TopP);
        return TokenDraw.Race(row, n, max, request.Seed, request.Position);
    }
}
