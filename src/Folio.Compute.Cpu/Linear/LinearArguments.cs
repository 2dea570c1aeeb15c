using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Folio.Compute.Cpu.Linear;

/// <summary>What a matrix product works on: y = x · wᵀ + bias or y += that.</summary>
internal unsafe struct LinearArguments
{
    public byte* Panels;
    public long PanelBytes;
    public int Outputs;
    public int Columns;

    public float* X;       // [Rows, Columns]
    public long XStride;
    public int Rows;

    public float* Bias;    // [Outputs] or null
    public float* Y;       // [Rows, Outputs]
    public long YStride;
    public bool Accumulate;

    /// <summary>Adds bias, then what y held, to some rows of a panel's sums: [rows, 32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Finish(float* sums, int firstRow, int rows, int panel)
    {
        int output = panel * Panel.Lanes, lanes = Math.Min(Panel.Lanes, Outputs - output);
        float* bias = Bias == null ? null : Bias + output, y = Y + firstRow * YStride + output;
        for (; rows > 0; rows--, sums += Panel.Lanes, y += YStride)
        {
            int lane = 0;
            for (; lane <= lanes - 8; lane += 8)
            {
                Vector256<float> value = Vector256.Load(sums + lane);
                if (bias != null) value += Vector256.Load(bias + lane);
                if (Accumulate) value += Vector256.Load(y + lane);
                value.Store(y + lane);
            }

            for (; lane < lanes; lane++)
            {
                float value = sums[lane];
                if (bias != null) value += bias[lane];
                if (Accumulate) value += y[lane];
                y[lane] = value;
            }
        }
    }
}
