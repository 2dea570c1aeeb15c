using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Models;

namespace Folio.Engine.Tests.Swap;

public sealed class ModelRunnerTests
{
    private const int BlockSize = 4;

    private static readonly int[] s_prompt = [1, 403, 407, 261, 378, 10, 22, 9, 17]; // two blocks and a token

    [Fact]
    public void Logits_are_the_same_bits_after_a_swap_to_any_tier_and_after_images_were_kept()
    {
        using var folder = new TemporaryFolder();
        using var backend = new CpuBackend(threads: 2);
        using ModelSource source = ModelSource.Open(TestData.DemoModel);
        TransformerDecoder decoder = TransformerDecoder.Load(source, backend);
        decoder.Reserve(maxTokens: 16, maxSequences: 4, maxLogitRows: 1);
        KvCache cache = backend.AllocateKvCache(decoder.Spec.KvCacheShape(BlockSize, blocks: 20));
        using var runner = new ModelRunner(decoder, cache, backend, new SwapSpace(backend, cache, new(HostBlocks: 4, DiskBlocks: 4), folder.Path));
        Assert.Equal(backend.KvBytesPerBlock(cache.Shape), runner.BytesPerBlock);

        Run(runner, s_prompt, start: 0, [0, 1, 2]);
        float[] expected = Run(runner, [5], start: 9, [0, 1, 2]);

        int[] blocks = [10, 11, 12];
        foreach (SwapTier tier in (SwapTier[])[SwapTier.Host, SwapTier.Disk])
        {
            runner.SwapOut(tier, [new(0, 3), new(1, 1), new(2, 0)]);
            runner.SwapIn(tier, [new(3, blocks[0]), new(1, blocks[1]), new(0, blocks[2])]);
            Assert.Equal(expected, Run(runner, [5], start: 9, blocks));
            blocks = [13, 14, 15];
        }

        var image = new byte[runner.BytesPerBlock];
        int[] kept = [17, 18, 19];
        for (int i = 0; i < 3; i++)
        {
            runner.ReadBlock(i, image);
            runner.WriteBlock(kept[i], image);
        }

        Assert.Equal(expected, Run(runner, [5], start: 9, kept));
        Assert.NotEqual(expected, Run(runner, [5], start: 9, [0, 19, 2]));
    }

    private static float[] Run(ModelRunner runner, int[] tokens, int start, int[] blocks)
    {
        var batch = new StepBatch(16, 1, blocks.Length);
        batch.Add(tokens, start, blocks, BlockSize, 10);
        batch.WantLogits(tokens.Length - 1);
        runner.Execute(batch);
        return runner.Logits(0).ToArray();
    }
}
