using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Models.Tests;

public class DecoderTests
{
    [Fact]
    public void Loading_reports_every_stored_byte_and_never_goes_back()
    {
        using ModelSource source = ModelSource.Open(TestData.DemoModel);
        using CpuBackend backend = new(threads: 1);
        Reports reports = new();
        TransformerDecoder.Load(source, backend, reports);

        Assert.Equal(reports.OrderBy(report => report.Bytes), reports);
        LoadProgress last = reports[^1];
        Assert.Equal((source.Tensors.Tensors.Count, source.Tensors.Tensors.Sum(tensor => tensor.Bytes)), (last.Tensors, last.Bytes));
        Assert.Equal((last.TotalTensors, last.TotalBytes), (last.Tensors, last.Bytes));
    }

    [Fact]
    public void A_model_in_memory_is_the_model_in_the_file()
    {
        byte[] file = File.ReadAllBytes(TestData.DemoModel);
        unsafe
        {
            fixed (byte* data = file)
            {
                using ModelSource source = ModelSource.FromGguf(data, file.Length, "demo");
                using CpuBackend backend = new(threads: 1);
                TransformerDecoder decoder = TransformerDecoder.Load(source, backend);
                Assert.Equal((8184, 6, 512, 48), (decoder.Spec.VocabularySize, decoder.Spec.Layers.Count, decoder.Spec.ContextLength, decoder.Spec.HeadDim));
                Assert.Equal(new KvCacheShape(6, 6, 48, 16, 10), decoder.Spec.KvCacheShape(blockSize: 16, blocks: 10));
                Assert.InRange(decoder.WeightBytes, file.Length / 2, 4 * file.Length);
            }
        }
    }

    [Fact]
    public void A_step_allocates_no_managed_memory()
    {
        using ModelSource source = ModelSource.Open(TestData.DemoModel);
        using CpuBackend backend = new(threads: 1);
        TransformerDecoder decoder = TransformerDecoder.Load(source, backend);
        decoder.Reserve(maxTokens: 4, maxSequences: 4, maxLogitRows: 1);
        KvCache cache = backend.AllocateKvCache(decoder.Spec.KvCacheShape(16, 1));
        StepBatch batch = new(4, 1, 1);

        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step()
        {
            batch.Clear();
            batch.Add([1, 5218, 2177], start: 0, blockTable: [0], blockSize: 16, promptLength: 3);
            batch.WantLogits(2);
            decoder.Forward(batch, cache);
        }
    }

    [Fact]
    public void A_step_that_wants_no_logits_yields_none_and_still_fills_the_cache()
    {
        GoldenModel golden = new("llama");
        int[] prompt = golden.Cases[2].Prompt;
        using SoloRunner whole = new(golden.Model);
        using SoloRunner chunked = new(golden.Model, chunk: 7); // only the last chunk's last row is wanted
        Assert.Equal(whole.Prefill(prompt, last: 1), chunked.Prefill(prompt, last: 1));
    }

    private sealed class Reports : List<LoadProgress>, IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => Add(value);
    }
}
