using System.Text;

namespace Folio.Chat;

/// <summary>Reads a call that is a JSON object: <c>{"name": …, "arguments": {…}}</c> in any order; <c>parameters</c> is another name of the arguments, and they may be JSON in a string.</summary>
internal sealed class CallObject(MessageWriter message) : CallReader(message)
{
    private readonly StringBuilder _key = new(), _value = new(); // as JSON; the key and value of the outer object that are being read
    private Field _field;
    private bool _inValue, _hasArguments;

    private enum Field
    {
        Other,
        Name,
        Id,
        Arguments,
    }

    protected override bool IsCall => Call.Name is not null && _hasArguments;

    protected override void Read(char c, int depth, bool inString)
    {
        bool isOuter = depth == 1 && !inString;
        if (isOuter && char.IsWhiteSpace(c)) return;
        if (_inValue && isOuter && c is ',' or '}') EndValue();
        else if (_inValue) PushValue(c);
        else if (isOuter && c == ':') BeginValue();
        else if (depth == 1 && (inString || c == '"')) _key.Append(c);
    }

    private void BeginValue()
    {
        JsonText.TryReadString(_key.ToString(), out string key);
        _field = key switch
        {
            "name" when Call.Name is null => Field.Name,
            "id" when Call.Id is null => Field.Id,
            "arguments" or "parameters" when !_hasArguments => Field.Arguments,
            _ => Field.Other,
        };
        _key.Clear();
        _value.Clear();
        _inValue = true;
    }

    private void PushValue(char c)
    {
        if (_field == Field.Arguments && (_hasArguments || (c == '{' && _value.Length == 0)))
        {
            Call.Append(c);
            if (!_hasArguments) Call.TellIfOffered();
            _hasArguments = true;
        }
        else if (_field != Field.Other)
        {
            _value.Append(c);
        }
    }

    private void EndValue()
    {
        _inValue = false;
        if (_field == Field.Other || _value.Length == 0 || !JsonText.TryReadString(_value.ToString(), out string text) || text.Length == 0) return;
        if (_field == Field.Id)
        {
            Call.Id = text;
        }
        else if (_field == Field.Name)
        {
            Call.Name = text;
            if (_hasArguments) Call.TellIfOffered();
        }
        else if (JsonScanner.IsObject(text))
        {
            Call.Append(text.Trim());
            _hasArguments = true;
            Call.TellIfOffered();
        }
    }
}
