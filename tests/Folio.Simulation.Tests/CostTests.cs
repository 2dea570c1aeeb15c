namespace Folio.Simulation.Tests;

/// <summary>The cost model against numbers worked out by hand from data sheets and model cards.</summary>
public sealed class CostTests
{
    [Theory]
    [InlineData("opt-13b", 26e9, 819_200)]       // 2 · 40 layers · 5120 · 2 bytes: the paper's 800 KB
    [InlineData("opt-66b", 132e9, 2_359_296)]
    [InlineData("opt-175b", 346e9, 4_718_592)]
    [InlineData("llama-3.1-8b", 16.06e9, 131_072)]
    public void Models_have_the_published_sizes(string name, double weightBytes, double kvBytes)
    {
        ModelShape model = ModelShape.Named(name);
        Assert.InRange(model.WeightBytes, weightBytes * 0.98, weightBytes * 1.02);
        Assert.Equal(kvBytes, model.KvBytesPerToken);
    }

    /// <summary>25.7 GB / (1.555 TB/s · 0.75) = 22.0 ms; 1,000 cached tokens: 0.70 ms.</summary>
    [Fact]
    public void A_decode_step_reads_the_weights_and_the_cache_once()
    {
        Roofline cost = Deployment.Opt13B.Cost(new HostOverhead(0, 0), blockSize: 16);
        Assert.Equal(22.0e-3 + 0.70e-3, cost.Seconds(new(Tokens: 1, Sequences: 1, ContextTokens: 1000, AttentionPairs: 1000, Samples: 1)), 3e-4);
    }

    /// <summary>2 · 12.84 · 10⁹ · 2,048 / (312 TFLOP/s · 0.75) = 225 ms.</summary>
    [Fact]
    public void A_long_prompt_is_bound_by_arithmetic()
    {
        Roofline cost = Deployment.Opt13B.Cost(new HostOverhead(0, 0), blockSize: 16);
        double attention = 4.0 * 5120 * 40 * (2048 * 2049 / 2) / (312e12 * 0.4);
        Assert.Equal(0.225 + attention, cost.Seconds(new(2048, 1, 2048, 2048 * 2049 / 2, 1)), 2e-3);
    }

    [Fact]
    public void Four_devices_read_a_quarter_each_and_pay_for_their_sums()
    {
        var one = new Roofline(ModelShape.Named("opt-66b"), Device.Named("a100-40g"), 1, new HostOverhead(0, 0));
        var four = new Roofline(ModelShape.Named("opt-66b"), Device.Named("a100-40g"), 4, new HostOverhead(0, 0));
        var work = new StepWork(16, 16, 8000, 8000, 16);
        double sums = 2 * 64 * (20e-6 + 2 * 0.75 * 16 * 9216 * 2 / 300e9);
        Assert.Equal(one.Seconds(work) / 4 + sums, four.Seconds(work), 1e-9);
    }

    [Fact]
    public void Attention_alone_pays_for_paging()
    {
        var work = new StepWork(1, 1, 10_000, 10_000, 1);
        double contiguous = Deployment.Opt13B.Cost(default, 16).Seconds(work), paged = Deployment.Opt13B.Cost(default, 16, Roofline.PaperKernelSlowdown).Seconds(work);
        Assert.Equal(0.23 * 10_000 * 819_200 / (1.555e12 * 0.75), paged - contiguous, 1e-6);
    }

    /// <summary>The paper's Fig. 19: 135 ms for 256 tokens out and in at block size 1, 10–20 ms at 256; recomputing them takes 20–30 ms.</summary>
    [Fact]
    public void Swapping_small_blocks_is_bound_by_the_number_of_copies()
    {
        Assert.InRange(2 * Deployment.Opt13B.Cost(default, blockSize: 1).Swaps(256), 0.125, 0.160);
        Assert.InRange(2 * Deployment.Opt13B.Cost(default, blockSize: 256).Swaps(1), 0.010, 0.020);
        Assert.InRange(Deployment.Opt13B.Cost(default, blockSize: 16).Seconds(new(256, 1, 256, 256 * 257 / 2, 1)), 0.020, 0.030);
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_the_numbers()
    {
        var error = Assert.Throws<FolioException>(() => Deployment.Of(ModelShape.Named("opt-66b"), Device.Named("h100"), 1));
        Assert.Contains("opt-66b takes 131", error.Message);
        Assert.Contains("--devices", error.Message);
    }

    [Fact]
    public void Unknown_names_are_answered_with_the_known_ones()
    {
        Assert.Contains("h200", Assert.Throws<FolioException>(() => Device.Named("tpu")).Message);
        Assert.Contains("llama-3.1-8b", Assert.Throws<FolioException>(() => ModelShape.Named("gpt-5")).Message);
    }
}
