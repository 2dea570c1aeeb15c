using System.Diagnostics;
using Folio.Compute.Cpu;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Folio.Server.Tests;

/// <summary>A model that an application's host loads, and gives back.</summary>
public sealed class HostedModelTests
{
    private const string Once = """{"prompt":"Once","max_tokens":4,"temperature":0}""";

    [Fact]
    public async Task A_model_is_there_when_the_application_listens_and_answers_several_clients_at_once()
    {
        await using Hosted app = await Hosted.StartAsync(builder => builder.Services.AddFolio(Demo), app => app.MapFolio());
        (await app.GetAsync("/health/ready")).Ok();
        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.PostAsync("/v1/completions", Once)));
        Assert.Single(replies.Select(reply => reply.Ok().Completion).Distinct());
        Assert.Equal("folio-demo.Q8_0", app.App.Services.GetRequiredService<FolioEngine>().Engine.Model.Name);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_keeps_the_application_from_starting()
    {
        var error = await Assert.ThrowsAnyAsync<FolioException>(() => Hosted.StartAsync(
            builder => builder.Services.AddFolio(options =>
            {
                Demo(options);
                options.Model = "/nowhere/model.gguf";
            }),
            app => app.MapFolio()));
        Assert.Contains("/nowhere/model.gguf", error.Message);
    }

    [Fact]
    public async Task An_option_that_does_not_fit_the_model_keeps_the_application_from_starting()
    {
        var error = await Assert.ThrowsAnyAsync<FolioException>(() => Hosted.StartAsync(
            builder => builder.Services.AddFolio(options =>
            {
                Demo(options);
                options.Api = new() { ToolCallParser = "banana" };
            }),
            app => app.MapFolio()));
        Assert.Contains("banana", error.Message);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task Why_a_model_is_not_loaded_is_a_line_of_the_log_without_a_stack_that_names_the_option_as_the_application_knows_it(bool inBackground)
    {
        using var lines = new Lines("Folio.Server");
        Task<Hosted> starting = Hosted.StartAsync(
            builder =>
            {
                builder.Logging.AddProvider(lines);
                builder.Services.AddFolio(options =>
                {
                    Demo(options);
                    options.LoadInBackground = inBackground;
                    options.Engine = options.Engine with { MaxModelLen = 100_000 };
                });
            },
            app => app.MapFolio());
        if (inBackground)
        {
            await using Hosted app = await starting;
            await Eventually.TrueAsync(() => Task.FromResult(!lines.Written.IsEmpty));
        }
        else
        {
            await Assert.ThrowsAsync<FolioException>(() => starting);
        }

        Assert.Equal($"{TestData.DemoModel} can't be loaded: --max-model-len (MaxModelLen) is 100000; this model's context is 512 tokens.", Assert.Single(lines.Written));
    }

    [Fact]
    public async Task While_a_model_is_loaded_in_the_background_its_routes_say_when_to_come_again()
    {
        using var held = new ManualResetEventSlim();
        await using Hosted app = await Hosted.StartAsync(
            builder => builder.Services.AddFolio(options =>
            {
                Demo(options);
                options.LoadInBackground = true;
                options.Backend = () =>
                {
                    held.Wait();
                    return new CpuBackend(threads: 1);
                };
            }),
            app =>
            {
                app.MapGet("/mine", () => "mine");
                app.MapFolio();
            });
        try
        {
            Assert.Equal("mine", (await app.GetAsync("/mine")).Text);
            (await app.GetAsync("/health/live")).Ok();
            (await app.GetAsync("/health/ready")).Refused(503, saying: "being loaded");
            Reply early = (await app.PostAsync("/v1/completions", Once)).Refused(503, saying: "being loaded");
            Assert.NotNull(early.Response.Headers.RetryAfter);
            foreach (string path in new[] { "/v1/models", "/metrics", "/load", "/is_paused" }) (await app.GetAsync(path)).Refused(503, saying: "being loaded");
        }
        finally
        {
            held.Set();
        }

        await app.App.Services.GetRequiredService<FolioEngine>().Loaded;
        (await app.PostAsync("/v1/completions", Once)).Ok();
        (await app.GetAsync("/health/ready")).Ok();
    }

    [Theory]
    [InlineData("/nowhere/model.gguf", null)]
    [InlineData(null, "banana")]
    public async Task A_model_that_cannot_be_loaded_in_the_background_leaves_the_application_running(string? model, string? parser)
    {
        await using Hosted app = await Hosted.StartAsync(
            builder => builder.Services.AddFolio(options =>
            {
                Demo(options);
                options.Model = model ?? options.Model;
                options.Api = new() { ToolCallParser = parser };
                options.LoadInBackground = true;
            }),
            app =>
            {
                app.MapGet("/mine", () => "mine");
                app.MapFolio();
            });
        await Assert.ThrowsAnyAsync<FolioException>(() => app.App.Services.GetRequiredService<FolioEngine>().Loaded);
        Assert.Equal("mine", (await app.GetAsync("/mine")).Text);
        foreach (string path in new[] { "/health/live", "/health/ready", "/v1/models" }) (await app.GetAsync(path)).Refused(503, saying: "couldn't be loaded");
    }

    [Fact]
    public async Task An_application_that_never_got_to_listen_gives_back_what_is_still_being_loaded()
    {
        using var held = new ManualResetEventSlim();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddFolio(options =>
        {
            Demo(options);
            options.LoadInBackground = true;
            options.Backend = () =>
            {
                held.Wait();
                return new CpuBackend(threads: 1);
            };
        });
        WebApplication app = builder.Build();
        app.Urls.Add("http://203.0.113.1:1"); // no address of this machine
        app.MapFolio();
        FolioEngine engine = app.Services.GetRequiredService<FolioEngine>();
        await Assert.ThrowsAnyAsync<Exception>(() => app.StartAsync());
        Task disposing = app.DisposeAsync().AsTask();
        held.Set();
        await disposing;
        if (engine.Loaded.IsCompleted) Assert.True((await engine.Loaded).Ended.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_disposed_application_gives_the_models_memory_back()
    {
        long after = 0;
        for (int round = 0; round < 8; round++)
        {
            FolioEngine engine;
            await using (Hosted app = await Hosted.StartAsync(builder => builder.Services.AddFolio(Demo), app => app.MapFolio()))
            {
                (await app.PostAsync("/v1/completions", Once)).Ok();
                engine = app.App.Services.GetRequiredService<FolioEngine>();
            }

            Assert.True(engine.Engine.Ended.IsCompletedSuccessfully);
            if (round == 2) after = Resident();
        }

        Assert.InRange(Resident() - after, long.MinValue, 96 << 20); // five models of 32 MiB of cache and 9 of weights each
    }

    [Fact]
    public void A_section_of_the_configuration_is_the_options()
    {
        FolioOptions options = Read(new()
        {
            ["Folio:Model"] = "owner/name:Q4_K_M",
            ["Folio:MaxModelLen"] = "4096",
            ["Folio:KvCacheMemory"] = "2GiB",
            ["Folio:schedulingpolicy"] = "fair",
            ["Folio:KvCacheType"] = "int8",
            ["Folio:ServedModelNames:0"] = "a",
            ["Folio:ServedModelNames:1"] = "b",
            ["Folio:ApiKeys"] = "secret",
            ["Folio:RequestTimeout"] = "2.5",
            ["Folio:LoadInBackground"] = "true",
        });
        Assert.Equal(("owner/name:Q4_K_M", 4096, 2L << 30, true), (options.Model, options.Engine.MaxModelLen, options.Engine.KvCacheMemory, options.LoadInBackground));
        Assert.Equal((Engine.SchedulingPolicy.Fair, Compute.DType.I8), (options.Engine.SchedulingPolicy, options.Engine.KvCacheType));
        Assert.Equal(["a", "b"], options.Api.ServedModelNames);
        Assert.Equal(["secret"], options.Api.ApiKeys);
        Assert.Equal(TimeSpan.FromSeconds(2.5), options.Api.RequestTimeout);
    }

    [Theory]
    [InlineData("MaxModelLength", "1", "Folio:MaxModelLength is no option")]
    [InlineData("MaxModelLen", "many", "Folio:MaxModelLen is 'many'; a whole number was expected.")]
    [InlineData("KvCacheMemory", "3", "Folio:KvCacheMemory is '3'; a size")]
    [InlineData("SchedulingPolicy", "7", "Fcfs, Priority, Fair")]
    [InlineData("RequestTimeout", "soon", "seconds")]
    [InlineData("KvCacheType", "q4", "Folio:KvCacheType is 'q4'; one of auto, bfloat16, float16, float32, int8, fp8, fp8_e4m3 was expected.")]
    [InlineData("Device", "gpu", "Folio:Device is 'gpu'; cpu, cuda or cuda:N was expected.")]
    [InlineData("Dtype", "double", "Folio:Dtype is 'double'; one of auto, half, float16, bfloat16, float, float32 was expected.")]
    [InlineData("Activations", "some", "Folio:Activations is 'some'; one of Rounded, F32 was expected.")]
    [InlineData("GpuMemoryUtilization", "most", "Folio:GpuMemoryUtilization is 'most'; a number was expected.")]
    [InlineData("ApiKeyFile", "/nowhere/keys", "/nowhere/keys")]
    [InlineData("ChatTemplateFile", "/nowhere/template", "/nowhere/template")]
    public void A_key_that_is_not_known_or_not_such_is_an_error_that_names_it(string key, string value, string expected) =>
        Assert.Contains(expected, Assert.Throws<FolioException>(() => Read(new() { [$"Folio:{key}"] = value })).Message);

    [Fact]
    public void What_a_card_is_told_stands_in_a_configuration_too()
    {
        FolioOptions options = Read(new() { ["Folio:Device"] = "cuda:1", ["Folio:Dtype"] = "half", ["Folio:GpuMemoryUtilization"] = "0.8" });
        Assert.Equal(("cuda:1", Compute.DType.F16, 0.8), (options.Device.Name, options.Device.Cuda.Dtype, options.Device.Cuda.GpuMemoryUtilization));
        Assert.Null(Read(new() { ["Folio:Device"] = "cuda", ["Folio:Dtype"] = "auto" }).Device.Cuda.Dtype);
        Assert.Equal(CpuActivations.F32, Read(new() { ["Folio:Activations"] = "f32" }).Device.Activations);
    }

    [Theory]
    [InlineData("cpu", "Deterministic", "true")]
    [InlineData("cpu", "EnforceEager", "false")]
    [InlineData("cpu", "Dtype", "auto")]
    [InlineData("cpu", "GpuMemoryUtilization", "0.9")]
    [InlineData("cuda", "Threads", "2")]
    [InlineData("cuda:1", "Activations", "f32")]
    public void What_a_device_has_no_use_for_is_refused(string device, string key, string value)
    {
        IConfigurationSection section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Folio:Model"] = "owner/name", [$"Folio:{key}"] = value }).Build().GetSection("Folio");
        var refused = Assert.Throws<FolioException>(() => WebApplication.CreateSlimBuilder().Services.AddFolio(section, options => options.Device = options.Device with { Name = device }));
        Assert.Equal($"Folio:{key} is no option of the device {device}.", refused.Message);
    }

    private static void Demo(FolioOptions options)
    {
        options.Model = TestData.DemoModel;
        options.Engine = new() { KvCacheMemory = 32 << 20 };
        options.Backend = () => new CpuBackend(threads: 2);
    }

    private static FolioOptions Read(Dictionary<string, string?> values)
    {
        var options = new FolioOptions();
        FolioConfiguration.Apply(new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("Folio"), options);
        return options;
    }

    private static long Resident()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
