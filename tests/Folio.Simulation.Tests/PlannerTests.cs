using Folio.Engine;

namespace Folio.Simulation.Tests;

public sealed class PlannerTests
{
    private static readonly ModelShape s_model = ModelShape.Named("llama-3.1-8b");

    private static double Rate(Device device, string level, int devices = 1) => Plan(device, level, devices).Rate;

    private static CapacityPlan Plan(Device device, string level, int devices = 1) =>
        Planner.Plan(new(Deployment.Of(s_model, device, devices), TraceFile.Read("azure-conv").First(600), ServiceLevel.Parse(level), new EngineOptions()));

    [Fact]
    public void A_stricter_service_level_never_allows_more()
    {
        Device h100 = Device.Named("h100");
        double loose = Rate(h100, "ttft=2s,itl=100ms"), first = Rate(h100, "ttft=500ms,itl=100ms"), both = Rate(h100, "ttft=500ms,itl=30ms");
        Assert.True(loose >= first && first >= both && both > 0, $"{loose} {first} {both}");
    }

    [Fact]
    public void Faster_devices_serve_more()
    {
        const string level = "ttft=1s,itl=60ms";
        double a100 = Rate(Device.Named("a100-80g"), level), h100 = Rate(Device.Named("h100"), level), h200 = Rate(Device.Named("h200"), level), two = Rate(Device.Named("h100"), level, devices: 2);
        Assert.True(a100 < h100 && h100 <= h200 && h100 < two, $"{a100} {h100} {h200} {two}");
    }

    [Fact]
    public void At_the_rate_found_the_level_is_kept_and_loads_take_whole_devices()
    {
        ServiceLevel level = ServiceLevel.Parse("ttft=500ms,itl=50ms,share=99%");
        CapacityPlan plan = Planner.Plan(new(Deployment.Of(s_model, Device.Named("h200"), 1), TraceFile.Read("azure-conv").First(600), level, new EngineOptions()));
        Assert.True(level.IsKept(plan.AtRate));
        Assert.True(plan.AtRate.Served.Count >= 600);
        Assert.Equal(3, plan.DevicesFor(2.5 * plan.Rate));
    }

    [Fact]
    public void What_no_device_can_keep_is_answered_with_nothing()
    {
        CapacityPlan plan = Plan(Device.Named("h100"), "itl=1ms");
        Assert.Equal(0, plan.Rate);
        Assert.Null(plan.DevicesFor(1));
        Assert.True(plan.AtRate.Gaps.Quantile(0.5) > 0.001);
    }

    [Theory]
    [InlineData("ttft=500ms,itl=50ms", 0.5, 0.05, 0.95)]
    [InlineData("itl=0.1s, share=99%", 5, 0.1, 0.99)]
    public void Service_levels_are_read(string text, double first, double gap, double share) => Assert.Equal(new(first, gap, share), ServiceLevel.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("ttft=500")]
    [InlineData("ttft=-1s")]
    [InlineData("latency=1s")]
    [InlineData("share=95%")]
    [InlineData("itl=50ms,share=200%")]
    [InlineData("ttft=NaNs")]
    public void Wrong_service_levels_are_answered_with_the_form(string text) =>
        Assert.Contains(ServiceLevel.Form, Assert.Throws<FolioException>(() => ServiceLevel.Parse(text)).Message);

    [Theory]
    [InlineData(7.3)]
    [InlineData(0.01)]
    [InlineData(900)]
    public void The_search_finds_the_edge_wherever_it_starts(double edge) =>
        Assert.InRange(RateSearch.Highest(rate => rate <= edge, start: 1, precision: 0.01), edge / 1.0101, edge);

    [Fact]
    public void A_search_without_an_edge_says_so() =>
        Assert.Contains("no highest", Assert.Throws<FolioException>(() => RateSearch.Highest(_ => true, start: 1)).Message);

    [Fact]
    public void A_first_token_may_not_take_minutes() =>
        Assert.Contains("at most 60 s", Assert.Throws<FolioException>(() => ServiceLevel.Parse("ttft=61s")).Message);

    /// <summary>2,000 tokens at 25 ms and more a step: such answers take longer than a minute, however rare they are.</summary>
    [Fact]
    public void Answers_of_minutes_are_served_and_a_batch_of_them_takes_minutes_to_fill()
    {
        Workload workload = new("long answers", [.. Enumerable.Range(0, 20).Select(i => new SimulatedRequest(i, 20, 2000))]);
        CapacityPlan plan = Planner.Plan(new(Deployment.Opt13B, workload, ServiceLevel.Parse("ttft=2s,itl=100ms"), new EngineOptions()));
        double most = 15_700.0 / 1010 / plan.AtRate.MeanSeconds; // by Little's law, with a cache full of answers half way
        Assert.InRange(plan.Rate, most / 2, most * 1.1);
        Assert.True(plan.AtRate.MeanSeconds > 50);
    }

    [Fact]
    public void Swap_space_is_what_the_engine_would_take()
    {
        const long bytesPerBlock = 2 << 20; // Llama 3.1 8B: 16 tokens of 32 layers of 8 heads of 128 keys and as many values, two bytes each
        SimulatedEngine engine = Engine(new());
        Assert.True(engine.Blocks > 10_000);
        Assert.Equal(engine.Blocks / 4, engine.System.HostBlocks);
        Assert.Equal(engine.Blocks / 4, Engine(new() { PreemptionMode = PreemptionMode.Swap }).System.HostBlocks);
        Assert.Equal(1000, Engine(new() { SwapSpace = 1000 * bytesPerBlock }).System.HostBlocks);
        Assert.Equal(0, Engine(new() { SwapSpace = 0 }).System.HostBlocks);
        Assert.Equal(0, Engine(new() { PreemptionMode = PreemptionMode.Recompute }).System.HostBlocks);
        Assert.Contains("there is no swap space", Assert.Throws<FolioException>(() => Engine(new() { PreemptionMode = PreemptionMode.Swap, SwapSpace = 0 })).Message);

        static SimulatedEngine Engine(EngineOptions options) => Planner.Engine(new(Deployment.Of(s_model, Device.Named("h100"), 1), PaperWorkloads.Alpaca(rate: 1, seconds: 10, seed: 2), ServiceLevel.Parse("ttft=1s"), options));
    }

    [Fact]
    public void A_plan_reads_as_sentences()
    {
        PlanRequest request = new(Deployment.Of(s_model, Device.Named("h200"), 1), TraceFile.Read("azure-conv").First(300), ServiceLevel.Parse("ttft=500ms,itl=50ms"), new EngineOptions());
        string report = CapacityReport.Write(request, Planner.Plan(request), load: 1000);
        Assert.Matches(@"1 device sustains \d+(\.\d+)? requests/s: \d+ tokens/s in, \d+ out", report);
        Assert.Matches(@"A load of 1000 requests/s takes \d+ devices\.", report);
        Assert.Contains("promised: 500 ms for 95 %", report);
    }

    [Fact]
    public void Ones_own_model_is_planned_from_its_file_or_its_config_alone()
    {
        ModelShape file = ModelFile.Shape(TestData.DemoModel), config = ModelFile.Shape(TestData.Shared("models", "folio-demo", "config.json"));
        Assert.Equal(config.Parameters, file.Parameters);
        Assert.Equal(config.KvBytesPerToken, file.KvBytesPerToken);
        Assert.Equal("folio-demo", config.Name);
        Assert.InRange(file.WeightBytes, 0.5 * config.WeightBytes, 0.6 * config.WeightBytes); // Q8_0: 8.5 bits a weight
        Assert.Contains("neither a model", Assert.Throws<FolioException>(() => ModelFile.Shape("no-such-model")).Message);
    }

    /// <summary>Twenty requests at once would all be answered in time; twenty again and again would not.</summary>
    [Fact]
    public void A_short_trace_does_not_promise_an_endless_rate()
    {
        Workload few = PaperWorkloads.Alpaca(rate: 1, seconds: 1000, seed: 2).First(20), many = PaperWorkloads.Alpaca(rate: 1, seconds: 3000, seed: 2);
        double rate = Of(few), steady = Of(many);
        Assert.InRange(rate, steady / 2, steady * 2);

        static double Of(Workload workload) =>
            Planner.Plan(new(Deployment.Of(ModelShape.Named("opt-13b"), Device.Named("a100-40g"), 1), workload, ServiceLevel.Parse("itl=200ms"), new EngineOptions())).Rate;
    }
}
