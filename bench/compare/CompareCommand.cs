using System.CommandLine;
using System.CommandLine.Parsing;

namespace Folio.Compare;

/// <summary>The command line. Two commands beside the main one are what it starts as processes of their own, so that each run begins afresh, as the peer's does.</summary>
internal static class CompareCommand
{
    public static RootCommand Create()
    {
        var llama = new Option<string?>("--llama") { Description = "The folder with llama-bench, llama-batched-bench and llama-server.", HelpName = "DIR" };
        var folio = new Option<string?>("--folio") { Description = "The folio command, best a published one (default: the Release build of this repository).", HelpName = "FILE" };
        var models = new Option<string[]>("--model", "-m") { Description = "A GGUF file that both engines load; may be given several times.", HelpName = "NAME=FILE" };
        var cells = new Option<string?>("--cells") { Description = $"Some of {string.Join(',', CellList.All.Select(cell => cell.Name))} (default: all).", HelpName = "NAMES" };
        Option<int> rounds = Whole("--rounds", 5, "Runs of each engine, in turn.");
        Option<int> threads = Whole("--threads", Environment.ProcessorCount, "Threads of each engine.");
        var all = new Option<bool>("--all") { Description = "Each cell with each model, not only those that a figure is asked of." };
        var quick = new Option<bool>("--quick") { Description = "One round of little work: whether each cell runs." };
        var results = new Option<string?>("--out") { Description = "A file that every figure is appended to, a line of JSON each.", HelpName = "FILE" };
        var table = new Option<string?>("--table") { Description = "Measures nothing: prints the table of such a file.", HelpName = "FILE" };
        var root = new RootCommand("Measures Folio beside llama.cpp, on the same machine with the same files, and prints a table.") { llama, folio, models, cells, rounds, threads, all, quick, results, table, Steps(), Groups() };
        root.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(table) is { } stored)
            {
                Console.Out.Write(ResultTable.Of(ResultFile.Read(stored)));
                return 0;
            }

            Sizes sizes = parsed.GetValue(quick) ? Sizes.Quick : Sizes.Full;
            Cell[] wanted = [.. CellList.Named(parsed.GetValue(cells))];
            Model[] files = [.. (parsed.GetValue(models) ?? []).Select(Model.Parse)];
            if (files.Length == 0) throw new FolioException("--model is missing; a name and a GGUF file were expected, as in --model small=model.Q8_0.gguf.");
            int count = parsed.GetValue(threads);
            string folder = parsed.GetValue(llama) ?? throw new FolioException("--llama is missing; the folder with llama-bench and its neighbours was expected.");
            (FolioEngine ours, LlamaCpp theirs) = (FolioEngine.Find(parsed.GetValue(folio), count), new(folder, count));
            theirs.Require(wanted.SelectMany(cell => cell.Programs));
            var setup = new Setup(ours, theirs, await Versions.AskAsync(ours, theirs), count, sizes);
            using var file = new ResultFile(parsed.GetValue(results));
            var comparison = new Comparison(setup, file, parsed.GetValue(quick) ? 1 : parsed.GetValue(rounds));
            bool whole = await comparison.RunAsync(wanted, files, parsed.GetValue(all));
            Console.Out.Write(ResultTable.Of(comparison.Measurements));
            return whole ? 0 : 1;
        });
        return root;
    }

    private static Command Steps()
    {
        (Argument<string> model, Option<int> threads) = (new("MODEL"), Whole("--threads", Environment.ProcessorCount, "Threads."));
        (Option<int> prefill, Option<int> decode, Option<int> context, Option<int> tokens) = (Whole("--prefill", 0, "Tokens."), Whole("--decode", 0, "Sequences."), Whole("--context", 0, "Tokens before."), Whole("--tokens", 64, "Of each sequence."));
        var command = new Command("steps", "Times steps of a model in this process.") { model, threads, prefill, decode, context, tokens };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            int prompt = parsed.GetValue(prefill), sequences = Math.Max(1, parsed.GetValue(decode));
            using var run = new StepRun(parsed.GetValue(model)!, parsed.GetValue(threads), sequences, Math.Max(prompt, parsed.GetValue(context) + parsed.GetValue(tokens)));
            double speed = prompt > 0 ? run.Prefill(prompt) : run.Decode(sequences, parsed.GetValue(context), parsed.GetValue(tokens));
            Console.Out.WriteLine(FormattableString.Invariant($"{speed}"));
        });
        return command;
    }

    private static Command Groups()
    {
        (Argument<string> model, Option<int> threads) = (new("MODEL"), Whole("--threads", Environment.ProcessorCount, "Threads."));
        (Option<int> prompts, Option<int> width, Option<int> tokens, Option<bool> beams, Option<bool> plainFirst) = (Whole("--prompts", 16, "Prompts."), Whole("--width", 8, "Sequences of each."), Whole("--tokens", 64, "Of each sequence."), new("--beams"), new("--plain-first"));
        var command = new Command("groups", "Times groups of sequences, and as many plain ones, in this process.") { model, threads, prompts, width, tokens, beams, plainFirst };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            await using var run = new GroupRun(parsed.GetValue(model)!, parsed.GetValue(threads), parsed.GetValue(prompts), parsed.GetValue(width), parsed.GetValue(tokens));
            (double group, double plain) = await run.MeasureAsync(parsed.GetValue(beams), parsed.GetValue(plainFirst));
            Console.Out.WriteLine(FormattableString.Invariant($"{group} {plain}"));
        });
        return command;
    }

    private static Option<int> Whole(string name, int fallback, string description)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => fallback, CustomParser = Read };
        return option;

        int Read(ArgumentResult result)
        {
            if (!int.TryParse(result.Tokens[0].Value, out int value) || value < 0) result.AddError($"{name} is '{result.Tokens[0].Value}'; a whole number was expected.");
            return value;
        }
    }
}
