using System.Runtime.CompilerServices;

namespace Folio.Compute.Cpu.Linear;

/// <summary>What <see cref="LookUpJob{TSimd, TV, TDecoder}"/> works on.</summary>
internal unsafe struct LookUpArguments
{
    public byte* Panels;
    public long PanelBytes;
    public int Columns;

    public int* Ids;      // [Rows]
    public int Rows;
    public float* Y;      // [Rows, Columns]
    public long YStride;
    public bool Accumulate;
}

/// <summary>y[i] = w[ids[i]] or y[i] += that. An item is one row.</summary>
/// <remarks>A row is one lane of a panel: its vector is decoded, the other lanes dropped. That wastes less time than a pass of its own would take code.</remarks>
internal readonly unsafe struct LookUpJob<TSimd, TV, TDecoder>(LookUpArguments arguments) : IParallelJob
    where TSimd : ISimd<TV> where TV : struct where TDecoder : struct, IPanelDecoder<TDecoder, TV>
{
    private const int Chunk = 128;

    private readonly LookUpArguments _a = arguments;

    [SkipLocalsInit]
    public void Run(int item, int worker)
    {
        float* w = stackalloc float[Chunk * TSimd.Count];
        int id = _a.Ids[item], lane = id % Panel.Lanes, firstLane = lane - lane % TSimd.Count;
        byte* panel = _a.Panels + id / Panel.Lanes * _a.PanelBytes;
        float* y = _a.Y + item * _a.YStride;
        for (int k = 0; k < _a.Columns; k += Chunk)
        {
            int inputs = Math.Min(Chunk, _a.Columns - k);
            PanelKernels<TSimd, TV, TDecoder>.Decode(panel, k, inputs, firstLane, TSimd.Count, w);
            for (int i = 0; i < inputs; i++)
            {
                float value = w[i * TSimd.Count + lane - firstLane];
                y[k + i] = _a.Accumulate ? y[k + i] + value : value;
            }
        }
    }
}
