using System.Diagnostics;
using System.Runtime.InteropServices;
using Folio.Testing.Hub;

namespace Folio.Tests;

/// <summary>Models of the hub, through the command: a fake hub, a cache of the test's own, processes.</summary>
public sealed partial class HubTests : IAsyncLifetime
{
    private const string Repository = "frogs/tales";

    private readonly FakeHub _hub = new();
    private readonly string _home = Directory.CreateTempSubdirectory("folio-test-").FullName;
    private readonly FakeFile _model = new("tales.Q8_0.gguf", File.ReadAllBytes(TestData.DemoModel), IsLarge: true);

    public ValueTask InitializeAsync()
    {
        _hub.Publish(Repository, new FakeFile("README.md", "# Tales"u8.ToArray()), _model, new FakeFile("broken.Q4_0.gguf", "GGUF"u8.ToArray()));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task A_pulled_model_generates_is_served_under_its_name_and_is_listed()
    {
        Command.Result pull = await FolioAsync("pull", $"{Repository}:Q8_0");
        string path = pull.Output.TrimEnd();
        Assert.True(pull.ExitCode == 0, pull.Errors);
        Assert.Equal(Path.Combine(_home, "hub", "models--frogs--tales", "snapshots", _hub.CommitOf(Repository), "tales.Q8_0.gguf"), path);
        Assert.Contains($"pulling {Repository}:Q8_0: 100 % of ", pull.Errors);

        _hub.Forget();
        string[] line = ["generate", "One day", "--seed", "7", "--max-tokens", "16", "--quiet"];
        Assert.Equal((await FolioAsync(line)).Output, (await FolioAsync([.. line, "-m", $"{Repository}:Q8_0"])).Output);
        Assert.Empty(_hub.Downloads);

        await using (ServingFolio folio = await ServingFolio.StartAsync(Environment, $"{Repository}:Q8_0"))
        {
            Assert.Contains($"\"id\":\"{Repository}:Q8_0\"", await folio.Client.GetStringAsync("/v1/models"));
        }

        await FolioAsync("pull", Repository, "--include", "broken*");
        Command.Result list = await FolioAsync("list");
        Assert.Matches($@"^MODEL +REVISION +FILES +SIZE +LOADS\n{Repository}:broken.Q4_0.gguf +main +1 +4 bytes +no: broken.Q4_0.gguf: .*\n{Repository}:tales.Q8_0.gguf +main +1 +[0-9.]+ MiB +yes\n$", list.Output);
    }

    [Fact]
    public async Task A_model_is_fetched_by_the_command_that_wants_it()
    {
        Command.Result result = await FolioAsync("inspect", $"{Repository}:Q8_0", "--revision", "v1.0");
        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Contains("llama", result.Output);
        Assert.True(File.Exists(Path.Combine(_home, "hub", "models--frogs--tales", "refs", "v1.0")));
    }

    [Fact]
    public async Task An_empty_cache_is_told()
    {
        Command.Result list = await FolioAsync("list");
        Assert.Equal((0, ""), (list.ExitCode, list.Output));
        Assert.EndsWith("holds no models yet; folio pull fetches them.\n", list.Errors);
    }

    [Fact]
    public async Task A_path_that_there_is_wins_over_a_name()
    {
        Directory.CreateDirectory(Path.Combine(_home, "frogs", "tales"));
        Command.Result result = await Command.FolioAsync(["inspect", Repository], folder: _home, environment: Environment);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("config.json", result.Errors);
        Assert.Empty(_hub.HubRequests);
    }

    [Theory]
    [InlineData("serve frogs/none", "folio: frogs/none: there is no such file or folder; as a model of the hub: 127.0.0.1:{0} has no repository frogs/none, or it is private: set HF_TOKEN to a token that may read it.\n")]
    [InlineData("inspect frogs/tales", "folio: frogs/tales has several GGUF files; put the one that is meant behind a colon, frogs/tales:broken.Q4_0.gguf. It has broken.Q4_0.gguf, tales.Q8_0.gguf.\n")]
    [InlineData("inspect frogs/tales:Q8_0@v1.0 --revision main", "folio: the revision is 'main' and the model's own is 'v1.0'; one of them was expected.\n")]
    [InlineData("inspect --revision main", "folio: --revision is 'main', but the embedded model is no model of the hub; owner/name was expected.\n")]
    [InlineData("pull tales", "folio: 'tales' is no model of the hub; owner/name[:file][@revision] was expected.\n")]
    [InlineData("pull frogs/tales --revision ../main", "folio: the revision is '../main'; a branch, tag or commit was expected.\n")]
    [InlineData("pull frogs/tales:Q8_0 --include *.json", "folio: ':Q8_0' and --include both say which files are fetched; one of them was expected.\n")]
    public async Task What_cannot_be_pulled_is_one_line_of_error_and_exit_code_1(string line, string expected)
    {
        Command.Result result = await FolioAsync(line.Split(' '));
        Assert.Equal((1, "", string.Format(expected, _hub.Url.Port)), (result.ExitCode, result.Output, result.Errors));
    }

    [Fact]
    public async Task Offline_a_name_that_may_be_a_mistyped_path_is_told_to_be_no_path_either()
    {
        Command.Result result = await Command.FolioAsync(["inspect", "models/dmo"], environment: new Dictionary<string, string>(Environment) { ["HF_HUB_OFFLINE"] = "1" });
        Assert.Equal($"folio: models/dmo: there is no such file or folder; as a model of the hub: HF_HUB_OFFLINE is set, and {Path.Combine(_home, "hub")} has no whole copy of models/dmo at revision main.\n", result.Errors);
        Assert.Empty(_hub.HubRequests);
    }

    [Fact]
    public async Task Of_two_processes_one_fetches_and_the_other_waits()
    {
        _hub.OnStore = request => _hub.AnswerStore(request) with { Pause = TimeSpan.FromMilliseconds(3) };
        Command.Result[] pulls = await Task.WhenAll(FolioAsync("pull", $"{Repository}:Q8_0"), FolioAsync("pull", $"{Repository}:Q8_0"));
        Assert.All(pulls, pull => Assert.True(pull.ExitCode == 0, pull.Errors));
        Assert.Equal(pulls[0].Output, pulls[1].Output);
        Assert.Equal(_hub.StoreRequests.Count, _hub.StoreRequests.Select(request => request["Range"]).Distinct().Count()); // nothing twice
        Assert.Equal(_model.Bytes, File.ReadAllBytes(pulls[0].Output.TrimEnd()));
    }

    [Fact]
    public async Task An_interrupted_pull_is_taken_up_by_the_next()
    {
        _hub.OnStore = request => _hub.AnswerStore(request) with { SilentAfter = 1 << 20 };
        using Process pull = Command.Start(Command.Program("folio"), ["pull", $"{Repository}:Q8_0"], environment: Environment);
        while (await pull.StandardError.ReadLineAsync() is { } line && !line.Contains("10 %")) { }
        Assert.Equal(0, Kill(pull.Id, 15)); // SIGTERM, which takes the way of SIGINT: that one is ignored by what a shell has started in the background
        Assert.EndsWith($"folio: the pull of {Repository}:Q8_0 was stopped; what has come is kept, and the next pull goes on from it.\n", await pull.StandardError.ReadToEndAsync(), StringComparison.Ordinal); // behind further progress, perhaps
        await pull.WaitForExitAsync();
        Assert.Equal(1, pull.ExitCode);

        string incomplete = Path.Combine(_home, "hub", "models--frogs--tales", "blobs", $"{_model.Hash}.incomplete");
        long kept = new FileInfo(incomplete).Length;
        Assert.InRange(kept, 1, 1 << 20);
        _hub.OnStore = _ => null;
        _hub.Forget();
        Command.Result next = await FolioAsync("pull", $"{Repository}:Q8_0");
        Assert.StartsWith($"bytes={kept}-", _hub.StoreRequests[0]["Range"]);
        Assert.Equal(_model.Bytes, File.ReadAllBytes(next.Output.TrimEnd()));
    }

    private Dictionary<string, string> Environment => new()
    {
        ["HF_ENDPOINT"] = _hub.Url.ToString(),
        ["HF_HOME"] = _home,
        ["HF_HUB_CACHE"] = "",
        ["HUGGINGFACE_HUB_CACHE"] = "",
        ["HF_TOKEN"] = "",
        ["HF_HUB_OFFLINE"] = "",
        ["TRANSFORMERS_OFFLINE"] = "",
    };

    private Task<Command.Result> FolioAsync(params string[] arguments) => Command.FolioAsync(arguments, environment: Environment);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
