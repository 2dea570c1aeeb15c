using Folio.Models;
using Folio.Models.Tests;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Models;

/// <summary>Steps of more sequences than the kernel for few rows takes: their products are cuBLASLt's, in recorded passes too.</summary>
public sealed class RecordedStepTests
{
    private const int Sequences = 11, BlockSize = 16;

    [Fact]
    public void A_recorded_step_of_many_sequences_has_the_logits_of_one_that_is_not() => Check(TestData.Shared("golden", "gguf-bf16", "model.gguf"));

    [Fact]
    public void So_it_has_where_rows_are_quantised()
    {
        using QuantizedModel model = new("llama", new() { ["quant_method"] = "fp8" }, Quantizers.Float8("weight_scale", 1, 1 << 20, (rows, _) => [rows, 1]));
        Check(model.Path);
    }

    private static void Check(string model) => Assert.Equal(Logits(model, recorded: false), Logits(model, recorded: true));

    private static float[][] Logits(string model, bool recorded)
    {
        using CudaBackend backend = CardRunner.Backend(DType.BF16);
        using ModelSource source = ModelSource.Open(model);
        TransformerDecoder decoder = TransformerDecoder.Load(source, backend);
        decoder.Reserve(maxTokens: 48, maxSequences: Sequences, maxLogitRows: 48);
        KvCache cache = backend.AllocateKvCache(decoder.Spec.KvCacheShape(BlockSize, Sequences, DType.BF16));
        var batch = new StepBatch(maxTokens: 48, maxSequences: Sequences, maxBlocksPerSequence: 1);
        if (recorded) decoder.Prepare(batch, cache);

        for (int position = 0; position < 2; position++)
        {
            batch.Clear();
            for (int sequence = 0; sequence < Sequences; sequence++)
            {
                batch.Add([10 + 7 * sequence + position], position, [sequence], BlockSize, promptLength: 1);
                batch.WantLogits(sequence);
            }

            decoder.Forward(batch, cache);
        }

        Tensor logits = decoder.Forward(batch, cache);
        return [.. Enumerable.Range(0, Sequences).Select(row => backend.HostRow(logits, row).ToArray())];
    }
}
