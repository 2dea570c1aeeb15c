using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Models;
using Folio.Paging;

namespace Folio.Engine.Tests.Persistence;

public sealed class RestartTests
{
    private const int BlockSize = 4;

    [Fact]
    public void A_prefix_computed_in_one_run_gives_the_next_run_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        int[] prompt = [1, 403, 407, 261, 378, 10, 22, 9, 17];
        float[] computed;
        using (var first = new Run(folder, threads: 2))
        {
            computed = first.Compute(prompt, start: 0, [5, 3, 0]);
            IndexedBlock[] blocks = [new(5, PrefixIndex.Root, "salt", prompt.AsMemory(0, 4), 0), new(3, 5, "salt", prompt.AsMemory(4, 4), 0)];
            Assert.Null(first.Store.Save(blocks, first.Runner.ReadBlock));
        }

        using var second = new Run(folder, threads: 1);
        Digest salt = Digest.Of("salt");
        int one = second.Store.Find(PrefixStore.Root, prompt.AsSpan(0, 4), salt), two = second.Store.Find(one, prompt.AsSpan(4, 4), salt);
        Assert.True(second.Store.TryLoad(one, second.Runner, block: 7) && second.Store.TryLoad(two, second.Runner, block: 2));
        Assert.Equal(computed, second.Compute([prompt[8]], start: 8, [7, 2, 1]));
    }

    private sealed class Run : IDisposable
    {
        private readonly CpuBackend _backend;

        public Run(TemporaryFolder folder, int threads)
        {
            _backend = new CpuBackend(threads);
            using ModelSource source = ModelSource.Open(TestData.DemoModel);
            TransformerDecoder decoder = TransformerDecoder.Load(source, _backend);
            decoder.Reserve(maxTokens: 16, maxSequences: 4, maxLogitRows: 1);
            KvCache cache = _backend.AllocateKvCache(decoder.Spec.KvCacheShape(BlockSize, blocks: 8));
            Runner = new ModelRunner(decoder, cache, _backend);
            Digest fingerprint = CacheFingerprint.Of(source, decoder.Spec, _backend.KvImageFormat, cache.Shape);
            Store = PrefixStore.Open(folder.Path, fingerprint, BlockSize, Runner.BytesPerBlock, mostBytes: 1 << 30, out string? warning);
            Assert.Null(warning);
        }

        public ModelRunner Runner { get; }

        public PrefixStore Store { get; }

        public float[] Compute(int[] tokens, int start, int[] blocks)
        {
            var batch = new StepBatch(16, 1, blocks.Length);
            batch.Add(tokens, start, blocks, BlockSize, 10);
            batch.WantLogits(tokens.Length - 1);
            Runner.Execute(batch);
            return Runner.Logits(0).ToArray();
        }

        public void Dispose()
        {
            Store.Dispose();
            Runner.Dispose();
            _backend.Dispose();
        }
    }
}
