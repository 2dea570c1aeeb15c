using System.Text.Json;

namespace Folio.Tests;

public class CommandTests
{
    [Fact]
    public async Task Version_is_one_line()
    {
        Command.Result result = await Command.FolioAsync(["--version"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^folio \d+\.\d+\.\d+\n$", result.Output);
    }

    [Fact]
    public async Task Generate_continues_a_text_with_the_embedded_model_and_prints_figures_apart()
    {
        Command.Result result = await Command.FolioAsync(["generate", "Once upon a time", "--temperature", "0", "--max-tokens", "20"]);
        Assert.Equal(0, result.ExitCode);
        Assert.True(result.Output.Split(' ').Length > 8, result.Output);
        Assert.Contains("tok/s", result.Errors);
        Assert.Contains("blocks of 16", result.Errors);
    }

    [Fact]
    public async Task Generate_gives_the_same_text_from_the_file_from_standard_input_and_with_one_thread()
    {
        string[] common = ["generate", "--seed", "7", "--max-tokens", "16", "--quiet"];
        Command.Result embedded = await Command.FolioAsync([.. common, "One day"]);
        Command.Result file = await Command.FolioAsync([.. common, "--model", TestData.DemoModel, "--threads", "1"], "One day");
        Assert.Equal(embedded.Output, file.Output);
        Assert.Empty(embedded.Errors);
    }

    [Theory]
    [InlineData("generate|model.gguf|Once upon a time", "generate takes one PROMPT, in quotes, and 2 were given; the model goes behind -m")]
    [InlineData("generate|models/demo/folio-demo.Q8_0.gguf", "PROMPT is the file 'models/demo/folio-demo.Q8_0.gguf'; the model goes behind -m")]
    public async Task Generate_tells_where_the_model_goes(string line, string expected)
    {
        Command.Result result = await Command.FolioAsync(line.Split('|'));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Errors);
    }

    [Fact]
    public async Task Generate_finds_the_prefixes_that_it_kept()
    {
        string folder = Directory.CreateTempSubdirectory("folio-test-").FullName;
        string[] line = ["generate", "Once upon a time there was a dog with a red ball, and the dog liked to run in the park.", "--max-tokens", "1", "--prefix-cache-dir", folder];
        string first = (await Command.FolioAsync(line)).Errors, second = (await Command.FolioAsync(line)).Errors;
        Assert.Contains($"16 tokens of prefixes are kept in {folder}", first);
        Assert.DoesNotContain("were found in", first);
        Assert.Contains($"16 tokens of prefixes were found in {folder}", second);
    }

    [Fact]
    public async Task Chat_answers_each_line_and_ends_with_the_input()
    {
        Command.Result result = await Command.FolioAsync(["chat", "--temperature", "0", "--max-tokens", "24"], "Tell me a story about a dog.\n/reset\nHello!\n");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(2, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Chat_says_why_a_models_template_cannot_be_used()
    {
        Command.Result result = await Command.FolioAsync(["chat", TestData.DemoModelWithBrokenTemplate()], "Hello!\n");
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains("its chat template can't be used (", result.Errors);
    }

    [Theory]
    [InlineData("- hello")]
    [InlineData("-5 degrees")]
    [InlineData("--Once upon")]
    public async Task A_prompt_may_begin_with_a_dash(string prompt)
    {
        Command.Result result = await Command.FolioAsync(["generate", prompt, "--max-tokens", "1"]);
        Assert.True(result.ExitCode == 0, result.Errors);
    }

    [Fact]
    public async Task Serve_says_in_one_line_that_the_port_is_taken_before_it_looks_for_a_model()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        Command.Result result = await Command.FolioAsync(["serve", "no-such-model", "--port", $"{port}"]);
        Assert.Equal((1, "", $"folio: port {port} is in use by another process; choose one with --port.\n"), (result.ExitCode, result.Output, result.Errors));
    }

    [Fact]
    public async Task Inspect_shows_architecture_types_tokenizer_and_plan()
    {
        Command.Result result = await Command.FolioAsync(["inspect", TestData.DemoModel, "--tensors"]);
        Assert.Equal(0, result.ExitCode);
        Assert.All(["llama", "Q8_0", "blk.0.attn_q.weight", "8184 tokens", "KV cache"], text => Assert.Contains(text, result.Output));
    }

    [Fact]
    public async Task Inspect_cuts_no_line_for_a_reader_without_edges()
    {
        string folder = Directory.CreateTempSubdirectory("folio-test-").FullName, model = Path.Combine(folder, $"{new string('m', 150)}.gguf");
        File.Copy(TestData.DemoModel, model);
        Assert.Contains($"{model} ", (await Command.FolioAsync(["inspect", model])).Output);
    }

    [Theory]
    [InlineData("--device tpu", "--device is 'tpu'; cpu, cuda or cuda:N was expected.")]
    [InlineData("--device cuda --threads 2", "--threads is no option of --device cuda.")]
    [InlineData("--device cuda --activations f32", "--activations is no option of --device cuda.")]
    [InlineData("--dtype half", "--dtype is no option of --device cpu.")]
    [InlineData("--kv-cache-dtype fp8", "--kv-cache-dtype (KvCacheType) is fp8; on this device float32, bfloat16 or int8 was expected.")]
    [InlineData("--device cuda --packed-cache-dir folder", "--packed-cache-dir is no option of --device cuda.")]
    [InlineData("--device cuda --no-packed-cache", "--no-packed-cache is no option of --device cuda.")]
    [InlineData("--gpu-memory-utilization 0.5", "--gpu-memory-utilization is no option of --device cpu.")]
    public async Task What_a_device_has_no_use_for_is_refused(string options, string expected)
    {
        Command.Result result = await Command.FolioAsync(["generate", "Once", .. options.Split(' ')]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Errors);
    }

    [Fact]
    public async Task More_threads_than_processors_are_warned_of()
    {
        int most = Environment.ProcessorCount;
        Assert.Equal($"warning: --threads is {most + 1}, and this process has {most} processors: threads that take turns on one are slower than one.\n", (await Command.FolioAsync(["inspect", TestData.DemoModel, "--threads", $"{most + 1}"])).Errors);
        Assert.Empty((await Command.FolioAsync(["inspect", TestData.DemoModel, "--threads", $"{most}"])).Errors);
    }

    [Theory]
    [InlineData("no-such-model", "no-such-model: there is no such file or folder.")]
    [InlineData("README.md", "README.md")]
    public async Task What_is_no_model_is_one_line_of_error_and_exit_code_1(string model, string expected)
    {
        Command.Result result = await Command.FolioAsync(["inspect", model]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Errors);
        Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("frobnicate", " (folio --help lists what there is)")]
    [InlineData("serve --max-num-seqs 0", "--max-num-seqs is 0; it must be at least 1. (folio serve --help lists what there is)")]
    [InlineData("bench serve --burstiness 0", "--burstiness is 0; it must be above 0. (folio bench serve --help lists what there is)")]
    [InlineData("serve --kv-cache-memory lots", "--kv-cache-memory: 'lots' is not a size of memory; write it like 512MiB or 4G.")]
    [InlineData("serve --kv-cache-memory 0", "'0' is not a size of memory")]
    [InlineData("serve --swap-space 4", "--swap-space: '4' is not a size of memory; write it like 512MiB or 4G.")]
    [InlineData("serve --port abc", "--port is 'abc'; a whole number was expected.")]
    [InlineData("serve --port 70000", "--port is 70000; it must be at most 65535.")]
    [InlineData("serve --scheduling-policy best", "--scheduling-policy is 'best'; fcfs, priority or fair was expected.")]
    [InlineData("serve --preemption-mode drop", "--preemption-mode is 'drop'; auto, recompute or swap was expected.")]
    [InlineData("serve --max-waiting-requests 0", "--max-waiting-requests is 0; it must be at least 1.")]
    [InlineData("serve --host 0.0.0.0", "host 0.0.0.0 can be reached from other machines, and no API key is asked for")]
    [InlineData("serve --host 192.0.2.1 --insecure", "192.0.2.1 is no address of this machine; choose one with --host.")] // RFC 5737: nobody's
    [InlineData("serve --api-key-file no-such-file", "no-such-file: there is no such file.")]
    [InlineData("serve --api-key-file LICENSE", "LICENSE, line ")]
    [InlineData("serve --allowed-origins nonsense", "--allowed-origins is 'nonsense'; an origin such as https://chat.example, without a path, or * was expected.")]
    [InlineData("serve --allowed-origins [1]", "--allowed-origins is '[1]'; an origin or a JSON list of origins was expected.")]
    [InlineData("serve --request-timeout 0", "--request-timeout is 0; it must be above 0.")]
    [InlineData("serve --watchdog-timeout soon", "--watchdog-timeout is 'soon'; a number or inf was expected.")]
    [InlineData("serve --bogus", "--bogus is no option of folio serve (folio serve --help lists those that there are).")]
    [InlineData("serve --bogus 1", "--bogus is no option of folio serve (")]
    [InlineData("serve --bogus=1", "--bogus is no option of folio serve (")]
    [InlineData("serve model.gguf --bogus", "--bogus is no option of folio serve (")]
    [InlineData("bench latency --bogus", "--bogus is no option of folio bench latency (folio bench latency --help lists those that there are).")]
    [InlineData("chat -x", "-x is no option of folio chat (")]
    [InlineData("generate Hi --bogus", "--bogus is no option of folio generate (")]
    [InlineData("--bogus", "--bogus is no option of folio (")]
    [InlineData("chat -- --bogus", "--bogus: there is no such file or folder.")]
    [InlineData("serve -m no-such-model", "no-such-model: there is no such file or folder.")]
    [InlineData("chat --model no-such-model", "no-such-model: there is no such file or folder.")]
    [InlineData("inspect one -m two", "MODEL is 'one' and --model is 'two'; one of them was expected.")]
    [InlineData("serve --num-blocks 64 --kv-cache-memory 64MiB", "--num-blocks and --kv-cache-memory both say how large the KV cache is; one of them was expected.")]
    [InlineData("serve --disk-swap-space 1G", "--disk-swap-space has no effect without --swap-directory")]
    [InlineData("generate Hi --prefix-cache-disk-space 1G", "--prefix-cache-disk-space has no effect without --prefix-cache-dir")]
    [InlineData("inspect models/demo", "models/demo: the folder has no config.json, but a GGUF file: give its path, models/demo/folio-demo.Q8_0.gguf.")]
    [InlineData("generate Hi --device", "Required argument missing for option: '--device'.")]
    [InlineData("serve --device", "Required argument missing for option: '--device'.")]
    [InlineData("bench latency --device", "Required argument missing for option: '--device'.")]
    [InlineData("generate Hi --device cuda --device cpu", "'--device' expects a single argument")]
    [InlineData("inspect one -m", "Required argument missing for option: '-m'.")]
    [InlineData("inspect --kv-cache-dtype float16", "--kv-cache-dtype (KvCacheType) is float16; on this device float32, bfloat16 or int8 was expected.")]
    [InlineData("generate Hi --device cuda --dtype double", "--dtype is 'double'; auto, half, float16, bfloat16, float or float32 was expected.")]
    [InlineData("generate Hi --device cuda --gpu-memory-utilization abc", "--gpu-memory-utilization is 'abc'; a share was expected: a number above 0, and 1 at most.")]
    [InlineData("generate Hi --device cuda --gpu-memory-utilization inf", "--gpu-memory-utilization is 'inf'; a share was expected: a number above 0, and 1 at most.")]
    [InlineData("generate Hi --device cuda --gpu-memory-utilization 0", "--gpu-memory-utilization is 0; it must be above 0, and 1 at most.")]
    [InlineData("generate Hi --device cuda --gpu-memory-utilization 2", "--gpu-memory-utilization is 2; it must be above 0, and 1 at most.")]
    [InlineData("generate Hi --temperature hot", "--temperature is 'hot'; a number was expected.")]
    [InlineData("generate Hi --seed x", "--seed is 'x'; a whole number was expected.")]
    public async Task What_is_no_command_is_one_line_of_error_and_exit_code_1(string line, string expected)
    {
        Command.Result result = await Command.FolioAsync(line.Split(' '));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Errors);
        Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_cache_too_small_for_one_sequence_names_the_flags()
    {
        Command.Result result = await Command.FolioAsync(["generate", "Hi", "--max-model-len", "512", "--num-blocks", "4"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--max-model-len", result.Errors);
    }

    [Fact]
    public async Task Serve_answers_until_it_is_told_to_end()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync("--served-model-name", "tales", TestData.DemoModel, "--api-key", "secret");
        Assert.EndsWith($"tales is served at {folio.Url}v1\na page to try it and to see what happens: {folio.Url}\n", folio.Startup);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await folio.Client.GetAsync("/v1/models")).StatusCode);
        folio.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        Assert.Contains("tales", await folio.Client.GetStringAsync("/v1/models"));
        Assert.Equal(0, await folio.TerminateAsync());
    }

    [Theory]
    [InlineData("--pin-prefix")]
    [InlineData("--pin-system-prompt")]
    public async Task A_prompt_to_pin_that_is_not_there_is_told_before_the_model_is_loaded(string option)
    {
        Command.Result result = await Command.FolioAsync(["serve", "no-such-model.gguf", option, "no-such-prompt.txt", "--port", "0"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal($"folio: {option} no-such-prompt.txt: there is no such file.\n", result.Errors);
    }

    [Fact]
    public async Task Serve_pins_prompts_from_files_before_it_is_ready()
    {
        string folder = Directory.CreateTempSubdirectory("folio-test-").FullName, system = Path.Combine(folder, "system.txt"), prefix = Path.Combine(folder, "prefix.txt");
        const string text = "You tell stories for small children. Every story has a dog, every dog has a ball, and every ball is lost and found again.";
        File.WriteAllText(system, text + "\n");
        File.WriteAllText(prefix, "Once upon a time there was a dog with a ball, and the ball was red and the dog was brown, and");
        await using ServingFolio folio = await ServingFolio.StartAsync("--pin-system-prompt", system, "--pin-prefix", prefix);
        Assert.Contains("system.txt: 32 tokens are kept in the cache", folio.Startup);
        Assert.Contains("\"prefix.txt\"", await folio.Client.GetStringAsync("/v1/prefixes"));
        string body = $$"""{"messages":[{"role":"system","content":"{{text}}"},{"role":"user","content":"Begin!"}],"max_tokens":1,"cache_salt":"mine"}""";
        using HttpResponseMessage answer = await folio.Client.PostAsync("/v1/chat/completions", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Contains("\"cached_tokens\":32", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_was_cached_for_a_key_is_found_by_it_after_a_restart_and_by_no_other()
    {
        string folder = Directory.CreateTempSubdirectory("folio-test-").FullName;
        const string body = """{"prompt":"Once upon a time there was a dog with a red ball, and the dog liked to run in the park with it every day.","max_tokens":1}""";
        string[] options = ["--prefix-cache-dir", folder, "--api-key", "first", "--api-key", "second"];
        await using (ServingFolio before = await ServingFolio.StartAsync(options))
        {
            Assert.Equal(0, await CachedAsync(before, "first"));
            Assert.Equal(0, await before.TerminateAsync());
        }

        await using ServingFolio after = await ServingFolio.StartAsync(options);
        Assert.Equal(0, await CachedAsync(after, "second"));
        Assert.Equal(16, await CachedAsync(after, "first"));

        static async Task<int> CachedAsync(ServingFolio folio, string key)
        {
            folio.Client.DefaultRequestHeaders.Authorization = new("Bearer", key);
            using HttpResponseMessage answer = await folio.Client.PostAsync("/v1/completions", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
            using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            return json.RootElement.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
        }
    }

    [Theory]
    [InlineData("serve --pin-prefix no-such-file", "--pin-prefix no-such-file: there is no such file.")]
    [InlineData("serve --pin-system-prompt models/demo/folio-demo.Q8_0.gguf", "--pin-system-prompt models/demo/folio-demo.Q8_0.gguf: the file isn't UTF-8 text.")]
    [InlineData("serve --block-size 128 --pin-prefix .gitignore", "is shorter than a block of 128")]
    [InlineData("serve --no-enable-prefix-caching --pin-prefix README.md", "prefix caching is off")]
    [InlineData("serve --pin-prefix LICENSE", "--pin-prefix LICENSE: ")] // longer than the model's context
    public async Task What_cannot_be_pinned_is_a_sentence_and_exit_code_1(string line, string expected)
    {
        Command.Result result = await Command.FolioAsync(line.Split(' '));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
    }

    [Fact]
    public async Task A_stream_in_flight_ends_before_a_terminated_server_does()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = new StringContent("""{"prompt": "Once", "stream": true, "ignore_eos": true, "max_tokens": 300}""", System.Text.Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage answer = await folio.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Task<int> exit = folio.TerminateAsync();
        Assert.EndsWith("data: [DONE]\n\n", await answer.Content.ReadAsStringAsync());
        Assert.Equal(0, await exit);
    }

    [Fact]
    public async Task A_second_signal_cuts_off_what_the_first_would_have_waited_for()
    {
        await using ServingFolio folio = await ServingFolio.StartAsync("--max-num-seqs", "1");
        Task<HttpResponseMessage>[] answers = [.. Enumerable.Range(0, 100).Select(_ => folio.Client.PostAsync(
            "/v1/completions", new StringContent("""{"prompt": "Once", "ignore_eos": true, "max_tokens": 500}""", System.Text.Encoding.UTF8, "application/json")))];
        while (!(await folio.Client.GetStringAsync("/load")).Contains("\"server_load\":100")) await Task.Delay(20);
        folio.Signal();
        while ((int)(await folio.Client.GetAsync("/health")).StatusCode != 503) await Task.Delay(20);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal(0, await folio.TerminateAsync());
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15), "it waited for its grace");
        HttpResponseMessage[] cut = [.. (await Task.WhenAll(answers)).Where(answer => (int)answer.StatusCode == 503)];
        Assert.NotEmpty(cut);
        Assert.Matches("(?s)ending; 100 in flight may take 30 s more, a second signal cuts them off.*requests in flight were cut off", await folio.LogAsync());
    }

    [Fact]
    public async Task Serve_reads_keys_from_a_file_and_takes_a_json_list_of_origins()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("folio-test-").FullName, "keys");
        File.WriteAllText(file, "# who may ask\nalice sk-alice rpm=100\nops sk-ops admin\n");
        await using ServingFolio folio = await ServingFolio.StartAsync("--host", "0.0.0.0", "--api-key-file", file, "--allowed-origins", "[\"https://chat.example\"]", "--request-timeout", "60");
        Assert.EndsWith($": http://localhost:{folio.Url.Port}/\n", folio.Startup);
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{folio.Url.Port}") };
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/models")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "sk-alice");
        client.DefaultRequestHeaders.Add("Origin", "https://chat.example");
        using HttpResponseMessage models = await client.GetAsync("/v1/models");
        Assert.Equal("https://chat.example", models.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await client.PostAsync("/pause", null)).StatusCode);
    }
}
