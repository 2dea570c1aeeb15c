using Folio.Compute;
using Folio.Formats;
using Folio.Models;

namespace Folio.Engine.Tests.Persistence;

public sealed unsafe class CacheFingerprintTests
{
    private static readonly KvCacheShape s_shape = new(Layers: 6, KvHeads: 6, HeadDim: 48, BlockSize: 16, Blocks: 100);

    [Fact]
    public void The_same_model_has_the_same_fingerprint_wherever_it_lies_and_however_large_its_cache_is()
    {
        byte[] model = File.ReadAllBytes(TestData.DemoModel);
        Assert.Equal(Of(model, "here"), Of([.. model], "there"));
        Assert.Equal(Of(model), Of(model, shape: s_shape with { Blocks = 7 }));
    }

    [Fact]
    public void Another_weight_another_layout_and_another_block_size_have_others()
    {
        byte[] model = File.ReadAllBytes(TestData.DemoModel);
        Digest first = Of(model);
        Assert.NotEqual(first, Of(model, format: "another"));
        Assert.NotEqual(first, Of(model, shape: s_shape with { BlockSize = 8 }));

        byte[] changed = [.. model];
        changed[^1] ^= 1; // the last tensor's last byte
        Assert.NotEqual(first, Of(changed));
    }

    [Fact]
    public void Another_architecture_over_the_same_weights_has_another()
    {
        byte[] model = File.ReadAllBytes(TestData.DemoModel);
        fixed (byte* data = model)
        {
            using ModelSource source = ModelSource.FromGguf(data, model.Length, "model");
            DecoderSpec spec = TransformerDecoder.Describe(source);
            Digest first = CacheFingerprint.Of(source, spec, "format", s_shape);
            Assert.NotEqual(first, CacheFingerprint.Of(source, spec with { ContextLength = 7 }, "format", s_shape));
            RopeSpec rope = spec.Layers[1].Rope!;
            LayerSpec[] layers = [.. spec.Layers];
            layers[1] = layers[1] with { Rope = rope with { Theta = rope.Theta + 1 } };
            Assert.NotEqual(first, CacheFingerprint.Of(source, spec with { Layers = layers }, "format", s_shape));
        }
    }

    private static Digest Of(byte[] model, string name = "model", string format = "format", KvCacheShape? shape = null)
    {
        fixed (byte* data = model)
        {
            using ModelSource source = ModelSource.FromGguf(data, model.Length, name);
            return CacheFingerprint.Of(source, TransformerDecoder.Describe(source), format, shape ?? s_shape);
        }
    }
}
