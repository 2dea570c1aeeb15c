using System.Runtime.InteropServices;
using Folio.Compute.Cuda.Card;

namespace Folio.Compute.Cuda.Sampling;

/// <summary>What requests ask to be done to a step's logits before they are drawn from: collected row by row, and then done to all rows in one launch a kind.</summary>
internal sealed class AskedChanges(CudaContext context, UploadRing uploads, SamplingKernels kernels)
{
    private readonly List<PenalizedRow> _penalized = [];
    private readonly List<LogitChange> _changes = [];   // the lists of penalized rows
    private readonly List<MaskedRow> _masked = [];
    private readonly List<ulong> _masks = [];           // [masked rows, words]
    private Tensor _logits;
    private int _longest;                               // list

    public void Change(Tensor logits, int row, ReadOnlySpan<LogitChange> changes, LogitPenalties penalties)
    {
        if (_logits.Data != logits.Data) Apply();
        int most = uploads.PartBytes / Marshal.SizeOf<LogitChange>() - 1;
        for (; !changes.IsEmpty; changes = changes[Math.Min(changes.Length, most)..])
        {
            int count = Math.Min(changes.Length, most);
            if (_changes.Count + count > most) Apply();
            _logits = logits;
            _penalized.Add(new(row, _changes.Count, count, penalties.Repetition, penalties.Frequency, penalties.Presence));
            _changes.AddRange(changes[..count]);
            _longest = Math.Max(_longest, count);
        }
    }

    public void Mask(Tensor logits, int row, ReadOnlySpan<ulong> allowed)
    {
        if (_logits.Data != logits.Data || (_masks.Count + allowed.Length) * sizeof(ulong) > uploads.PartBytes) Apply();
        _logits = logits;
        _masked.Add(new(row, _masked.Count));
        _masks.AddRange(allowed);
    }

    /// <summary>Before anything reads the logits.</summary>
    public void Apply()
    {
        if (_masked.Count > 0)
        {
            nint rows = Put(_masked), masks = Put(_masks);
            var arguments = new ApplyMaskArguments(_logits.Data, rows, masks, _logits.Stride, _logits.Columns, 2 * _masks.Count / _masked.Count);
            kernels.ApplyMask.Launch(arguments, SamplePlan.BlocksPerRow(_masked.Count, _logits.Columns, context.Multiprocessors), _masked.Count);
        }

        if (_penalized.Count > 0)
        {
            nint rows = Put(_penalized), changes = Put(_changes);
            kernels.Penalize.Launch(new PenalizeArguments(_logits.Data, rows, changes, _logits.Stride), (_longest + SamplePlan.RowThreads - 1) / SamplePlan.RowThreads, _penalized.Count);
        }

        Forget();
    }

    /// <summary>The logits are about to be overwritten.</summary>
    public void Forget()
    {
        _penalized.Clear();
        _changes.Clear();
        _masked.Clear();
        _masks.Clear();
        _longest = 0;
    }

    private nint Put<T>(List<T> values) where T : unmanaged => uploads.Put<T>(CollectionsMarshal.AsSpan(values));
}
