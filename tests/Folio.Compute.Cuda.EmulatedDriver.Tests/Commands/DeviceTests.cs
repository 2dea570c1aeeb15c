using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Folio.Compute.Cuda.Tests.Emulation;
using Folio.Tests;

namespace Folio.Compute.Cuda.EmulatedDriver.Tests.Commands;

/// <summary>The command on a card, started as a user starts it.</summary>
public sealed class DeviceTests
{
    /// <summary>Emulated kernels are no kernels of this user's.</summary>
    private static readonly Dictionary<string, string> Apart = new() { ["XDG_CACHE_HOME"] = Path.Combine(AppContext.BaseDirectory, "emulated-cuda", "cache") };

    private static readonly string[] Small = ["--max-num-seqs", "2", "--max-model-len", "96", "--num-blocks", "16"];

    [Fact]
    public async Task Generate_tells_the_processors_story()
    {
        string model = Require();
        string[] line = ["generate", "Once upon a time", "--model", model, "--temperature", "0", "--max-tokens", "24", "--quiet"];
        Command.Result onCpu = await Command.FolioAsync([.. line, "--activations", "f32"]), onCard = await Command.FolioAsync([.. line, "--device", "cuda", .. Small], environment: Apart);
        Assert.Equal((0, "", onCpu.Output), (onCard.ExitCode, onCard.Errors, onCard.Output));
    }

    [Fact]
    public async Task Without_cuBLASLt_the_story_is_the_same_and_it_is_told()
    {
        EmulatedCuda.Require();
        if (NativeLibrary.TryLoad("libcublasLt.so.12", out _) || NativeLibrary.TryLoad("libcublasLt.so.13", out _)) Assert.Skip("this machine has a cuBLASLt of its own");
        string model = TestData.Shared("golden", "gguf-bf16", "model.gguf"), libraries = EmulatedCuda.Build();
        string[] line = ["generate", "Once upon a time, there was a little girl", "--model", model, "--temperature", "0", "--max-tokens", "12", "--device", "cuda", .. Small];
        Command.Result with = await Command.FolioAsync([.. line, "--quiet"], environment: Apart);
        string fewer = Directory.CreateTempSubdirectory("folio-").FullName;
        foreach (string name in (string[])["libcuda.so.1", "libnvrtc.so.12"]) File.CreateSymbolicLink(Path.Combine(fewer, name), Path.Combine(libraries, name));
        Command.Result without = await Command.FolioAsync(line, environment: new Dictionary<string, string>(Apart) { ["FOLIO_CUDA_PATH"] = fewer });
        Directory.Delete(fewer, recursive: true);
        Assert.Equal((0, 0, "", with.Output), (with.ExitCode, without.ExitCode, with.Errors, without.Output));
        Assert.Contains("products without cuBLASLt; ready in", without.Errors);
    }

    [Fact]
    public async Task Serve_answers_with_schemas_penalties_log_probabilities_and_several_choices()
    {
        string model = Require();
        await using ServingFolio folio = await ServingFolio.StartAsync(Apart, ["--model", model, "--served-model-name", "stories", "--device", "cuda", .. Small]);
        Assert.Contains("Emulated card", folio.Startup);

        using JsonDocument chosen = await AskAsync(folio, """{"model": "stories", "prompt": "Once", "max_tokens": 8, "temperature": 0.7, "seed": 3, "n": 2, "presence_penalty": 0.5, "logprobs": 2}""");
        Assert.Equal(2, chosen.RootElement.GetProperty("choices").GetArrayLength());
        Assert.Equal(8, chosen.RootElement.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("token_logprobs").GetArrayLength());

        using JsonDocument same = await AskAsync(folio, """{"model": "stories", "prompt": "Once", "max_tokens": 3, "temperature": 1, "top_k": 1, "n": 2, "logprobs": 1}""");
        Assert.Single(same.RootElement.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()).Distinct());

        using JsonDocument shaped = await AskAsync(folio, """{"model": "stories", "prompt": "Once", "max_tokens": 40, "structured_outputs": {"choice": ["a dog", "a cat"]}}""");
        Assert.Contains(shaped.RootElement.GetProperty("choices")[0].GetProperty("text").GetString(), (string[])["a dog", "a cat"]);
        Assert.Equal(0, await folio.TerminateAsync());
    }

    [Fact]
    public async Task A_card_without_the_memory_is_told_with_what_it_has()
    {
        string model = Require();
        Command.Result result = await Command.FolioAsync(
            ["generate", "Once", "--model", model, "--device", "cuda", .. Small[..4], "--num-blocks", "10000000"], environment: new Dictionary<string, string>(Apart) { ["FOLIO_EMULATED_MEMORY"] = "300000000" });
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("are free. Lower --num-blocks", result.Errors);
    }

    private static string Require()
    {
        EmulatedCuda.Require();
        return TestData.Shared("models", "stories260K-hf");
    }

    private static async Task<JsonDocument> AskAsync(ServingFolio folio, string body)
    {
        using HttpResponseMessage answer = await folio.Client.PostAsync("/v1/completions", new StringContent(body, Encoding.UTF8, "application/json"));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text);
    }
}
